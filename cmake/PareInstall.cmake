# What `cmake --install` puts where: the libraries, two headers, the tools, and what finds them again
# (find_package(pare), pkg-config pare).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/pare)

set_target_properties(pare_shared PROPERTIES EXPORT_NAME pare)
install(TARGETS pare_shared pare_static EXPORT pareTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT Development
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT Runtime NAMELINK_COMPONENT Development)
install(FILES runtime/pare.h runtime/pare.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  COMPONENT Development)
foreach(tool IN ITEMS pare-run pare-bench)
  if(TARGET ${tool})
    install(TARGETS ${tool} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT Tools)
  endif()
endforeach()

install(EXPORT pareTargets NAMESPACE pare:: DESTINATION ${package_dir} COMPONENT Development)
configure_package_config_file(cmake/pare-config.cmake.in ${PROJECT_BINARY_DIR}/pare-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/pare-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/pare-config.cmake ${PROJECT_BINARY_DIR}/pare-config-version.cmake
  DESTINATION ${package_dir} COMPONENT Development)

# Relative, so that the installed tree can be moved.
file(RELATIVE_PATH pare_prefix_from_pc /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/pare.pc.in ${PROJECT_BINARY_DIR}/pare.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/pare.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
  COMPONENT Development)

# The version stands in pare.h for the compiler and in project() for everything else.
file(STRINGS runtime/pare.h lines REGEX "^#define PARE_VERSION_(MAJOR|MINOR|PATCH) [0-9]+$")
string(REGEX REPLACE "[^0-9;]" "" numbers "${lines}")
list(JOIN numbers "." header_version)
if(NOT header_version STREQUAL PROJECT_VERSION)
  message(FATAL_ERROR "pare.h says ${header_version}, project() says ${PROJECT_VERSION}")
endif()
