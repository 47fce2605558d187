# The flags that every target of the project is compiled with.
add_library(pare_flags INTERFACE)
target_compile_definitions(pare_flags INTERFACE PARE_VERSION="${PROJECT_VERSION}")
target_compile_options(pare_flags INTERFACE -Wall -Wextra -Werror -Wno-psabi
  -ffp-contract=off -fno-math-errno -ffunction-sections -fdata-sections)
target_include_directories(pare_flags INTERFACE ${PROJECT_SOURCE_DIR})
