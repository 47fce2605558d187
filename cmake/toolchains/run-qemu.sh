#!/bin/sh
# run-qemu.sh QEMU CPU PREFIX LIBRARY_PATH PROGRAM ARGUMENTS...: runs a program of the target.
qemu=$1 cpu=${PARE_QEMU_CPU:-$2} prefix=$3 libraries=$4
shift 4
exec "$qemu" -cpu "$cpu" -L "$prefix" -E LD_LIBRARY_PATH="$libraries" "$@"
