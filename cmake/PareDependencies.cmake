# Every dependency comes from the system's packages (scripts/setup.sh installs Debian's); where one is
# missing, FetchContent brings the commit of the version that Debian 12 has.
include(FetchContent)
find_package(Threads REQUIRED)

# pare_dependency(PACKAGE target repository commit [OPTION...]): makes `target` known. Each OPTION of a
# fetched project is switched off.
function(pare_dependency package target repository commit)
  find_package(${package} QUIET)
  if(TARGET ${target})
    return()
  endif()
  message(STATUS "${package} is not installed: fetching ${repository}")
  string(TOLOWER ${package} name)
  FetchContent_Declare(${name} GIT_REPOSITORY ${repository} GIT_TAG ${commit} GIT_SUBMODULES "")
  FetchContent_Populate(${name})
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)  # a variable stands above a project's option()
  foreach(option IN LISTS ARGN)
    set(${option} OFF)
  endforeach()
  add_subdirectory(${${name}_SOURCE_DIR} ${${name}_BINARY_DIR} EXCLUDE_FROM_ALL)
endfunction()

pare_dependency(FlatBuffers flatbuffers::flatbuffers https://github.com/google/flatbuffers.git
  06c5c7ed0bd987a918cf88caafb094f22cdd1721 FLATBUFFERS_BUILD_TESTS FLATBUFFERS_INSTALL)
if(TARGET flatc AND TARGET flatbuffers)  # fetched: without a namespace
  add_library(flatbuffers::flatbuffers ALIAS flatbuffers)
  add_executable(flatbuffers::flatc ALIAS flatc)
endif()
# Debian describes flatc in a package of its own, which a sysroot does not have.
if(NOT TARGET flatbuffers::flatc)
  find_program(PARE_FLATC flatc REQUIRED)
  add_executable(flatbuffers::flatc IMPORTED)
  set_target_properties(flatbuffers::flatc PROPERTIES IMPORTED_LOCATION ${PARE_FLATC})
endif()
if(PARE_TOOLS OR PARE_CONVERTER)
  find_package(ZLIB REQUIRED)
  pare_dependency(CLI11 CLI11::CLI11 https://github.com/CLIUtils/CLI11.git
    70f8072f9dd2292fd0b9f9e5f58e279f60483ed3)
endif()
if(PARE_CONVERTER)
  pare_dependency(spdlog spdlog::spdlog https://github.com/gabime/spdlog.git
    76fb40d95455f249bd70824ecfcae7a8f0930fa3)
  pare_dependency(nlohmann_json nlohmann_json::nlohmann_json https://github.com/nlohmann/json.git
    bc889afb4c5bf1c0d8ee29ef35eaaf4c8bef8a5d)
  pare_dependency(Protobuf protobuf::libprotobuf-lite https://github.com/protocolbuffers/protobuf.git
    f0dc78d7e6e331b8c6bb2d5283e06aa26883ca7c protobuf_BUILD_TESTS protobuf_INSTALL)
endif()
if(PARE_TESTS)
  pare_dependency(GTest GTest::gmock https://github.com/google/googletest.git
    58d77fa8070e8cec2dc1ed015d66b454c8d78850 INSTALL_GTEST)
endif()
if(PARE_BENCH AND PARE_CONVERTER)
  pare_dependency(benchmark benchmark::benchmark https://github.com/google/benchmark.git
    d572f4777349d43653b21d6c2fc63020ab326db2
    BENCHMARK_ENABLE_TESTING BENCHMARK_ENABLE_INSTALL BENCHMARK_ENABLE_WERROR)
endif()
