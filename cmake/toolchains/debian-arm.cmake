# Debian's cross compiler, with the target's libraries from build/sysroot (scripts/setup.sh --arm) and
# its programs run by qemu-user. The including file sets pare_architecture, pare_triple and pare_qemu.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER ${pare_triple}-gcc)
set(CMAKE_CXX_COMPILER ${pare_triple}-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${pare_triple})

get_filename_component(pare_root ${CMAKE_CURRENT_LIST_DIR}/../../build/sysroot/${pare_architecture} ABSOLUTE)
set(CMAKE_FIND_ROOT_PATH ${pare_root})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

set(pare_libraries ${pare_root}/usr/lib/${pare_triple} ${pare_root}/lib/${pare_triple})
list(JOIN pare_libraries ":" pare_library_path)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,-rpath-link,${pare_library_path}")
set(CMAKE_SHARED_LINKER_FLAGS_INIT "-Wl,-rpath-link,${pare_library_path}")
# PARE_QEMU_CPU in the environment of ctest chooses another core than the one of the toolchain file.
set(CMAKE_CROSSCOMPILING_EMULATOR
  "${CMAKE_CURRENT_LIST_DIR}/run-qemu.sh;${pare_qemu};${pare_qemu_cpu};/usr/${pare_triple};${pare_library_path}")
