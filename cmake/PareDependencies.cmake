# Every dependency comes from the system's packages; where one is missing, FetchContent brings the
# pinned commit that the project was tested with.
include(FetchContent)
find_package(Threads REQUIRED)
find_package(pthreadpool MODULE REQUIRED)
find_package(FlatBuffers CONFIG REQUIRED)
