# Models in files, for tests of the C API and of the commands.
add_library(pare_test_models STATIC support/sample_model.cc)
target_link_libraries(pare_test_models PUBLIC pare_graph GTest::gtest)
pare_test(test_api runtime/api LEVELS ${PARE_TEST_LEVELS} LIBRARIES pare_test_models)
if(PARE_TOOLS)
  pare_test(test_tools runtime/tools LIBRARIES pare_test_models pare_tools)
  string(REPLACE ";" " " emulator "${CMAKE_CROSSCOMPILING_EMULATOR}")
  target_compile_definitions(test_tools PRIVATE PARE_EMULATOR="${emulator}"
    PARE_RUN="$<TARGET_FILE:pare-run>" PARE_BENCH="$<TARGET_FILE:pare-bench>")
  add_dependencies(test_tools pare-run pare-bench)
endif()

# Sanitizers bring an allocator of their own, which cannot be counted this way.
if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  add_executable(test_allocation allocation/allocation_test.cc)
  target_link_libraries(test_allocation PRIVATE pare_flags pare_test_models)
  foreach(level IN LISTS PARE_TEST_LEVELS)
    add_test(NAME test_allocation.${level} COMMAND test_allocation)
    set_tests_properties(test_allocation.${level} PROPERTIES ENVIRONMENT PARE_CPU=${level})
  endforeach()
endif()

# The installed package, used by a project of its own.
if(NOT CMAKE_CROSSCOMPILING AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  add_executable(write_sample package/write_sample.cc)
  target_link_libraries(write_sample PRIVATE pare_flags pare_test_models)
  add_test(NAME package.model COMMAND write_sample ${PROJECT_BINARY_DIR}/package.pare)
  add_test(NAME package COMMAND ${CMAKE_COMMAND} -DBUILD=${PROJECT_BINARY_DIR}
    -DSOURCE=${CMAKE_CURRENT_SOURCE_DIR}/package -DMODEL=${PROJECT_BINARY_DIR}/package.pare
    -DCC=${CMAKE_C_COMPILER} -DCXX=${CMAKE_CXX_COMPILER}
    -P ${CMAKE_CURRENT_SOURCE_DIR}/package/check_package.cmake)
  set_tests_properties(package.model PROPERTIES FIXTURES_SETUP package_model)
  set_tests_properties(package PROPERTIES FIXTURES_REQUIRED package_model)
endif()
