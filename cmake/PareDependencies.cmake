# Every dependency comes from the system's packages; where one is missing, FetchContent brings the
# pinned commit that the project was tested with.
include(FetchContent)
find_package(Threads REQUIRED)
find_package(FlatBuffers CONFIG REQUIRED)
# Debian describes flatc in a package of its own, which a sysroot does not have.
if(NOT TARGET flatbuffers::flatc)
  find_program(PARE_FLATC flatc REQUIRED)
  add_executable(flatbuffers::flatc IMPORTED)
  set_target_properties(flatbuffers::flatc PROPERTIES IMPORTED_LOCATION ${PARE_FLATC})
endif()
