# options.cmake - compiler and linker flags as one interface target, siftd_flags
include(CheckCCompilerFlag)
include(CheckIPOSupported)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(SIFTD_WERROR "warnings are errors" OFF)
option(SIFTD_HARDEN "fortified, position independent, read-only relocations" OFF)
option(SIFTD_LTO "optimise over all files at link time" OFF)
option(SIFTD_CRASH_POINTS "die where SIFTD_CRASH_POINT says, for tests/chaos" OFF)
option(SIFTD_TESTS "build the unit tests; needs cmocka and pytest" ON)
option(SIFTD_FUZZ "build tests/fuzz with libFuzzer (clang)" OFF)
set(SIFTD_SANITIZE "" CACHE STRING "list for -fsanitize, comma-separated")
set(SIFTD_FUZZ_SECONDS 10 CACHE STRING "how long CTest runs each fuzz program")

# Asserts are for our own bugs; a release that goes on after one would store wrong data.
# So no build type defines NDEBUG.
set(CMAKE_C_FLAGS_RELEASE "-O3 -g1")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(siftd_flags INTERFACE)
target_compile_definitions(siftd_flags INTERFACE _GNU_SOURCE)
target_compile_options(siftd_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wformat=2
  -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla -Wswitch-enum
  -Wimplicit-fallthrough -Wnull-dereference -Wdouble-promotion -Wpointer-arith
  -Wold-style-definition
  $<$<C_COMPILER_ID:GNU>:-Wlogical-op> $<$<C_COMPILER_ID:GNU>:-Wduplicated-cond>
  -fno-omit-frame-pointer -fstack-protector-strong)
# -fPIE, not CMake's -fPIC for static libraries: calls inside a file stay inlinable.
target_compile_options(siftd_flags INTERFACE -fPIE)
target_link_options(siftd_flags INTERFACE -pie)

if(SIFTD_WERROR)
  target_compile_options(siftd_flags INTERFACE -Werror)
endif()

# Adds the flag where the compiler and the processor know it.
function(siftd_flag_if_supported flag)
  string(MAKE_C_IDENTIFIER "has_${flag}" variable)
  check_c_compiler_flag(${flag} ${variable})
  if(${variable})
    target_compile_options(siftd_flags INTERFACE ${flag})
  endif()
endfunction()

if(SIFTD_HARDEN)
  target_compile_options(siftd_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  siftd_flag_if_supported(-fstack-clash-protection)
  siftd_flag_if_supported(-fcf-protection)
  target_link_options(siftd_flags INTERFACE
    -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)
endif()

if(SIFTD_LTO)
  check_ipo_supported(LANGUAGES C)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()

if(SIFTD_SANITIZE)
  target_compile_options(siftd_flags INTERFACE -fsanitize=${SIFTD_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(siftd_flags INTERFACE -fsanitize=${SIFTD_SANITIZE})
endif()
if(SIFTD_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID STREQUAL Clang)
    message(FATAL_ERROR "SIFTD_FUZZ needs clang: libFuzzer is part of it")
  endif()
  target_compile_options(siftd_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
