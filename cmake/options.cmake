# options.cmake - compiler flags as one interface target, siftd_flags
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

option(SIFTD_WERROR "warnings are errors" OFF)
set(SIFTD_SANITIZE "" CACHE STRING "list for -fsanitize, comma-separated")

add_library(siftd_flags INTERFACE)
target_compile_definitions(siftd_flags INTERFACE _GNU_SOURCE)
target_compile_options(siftd_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wformat=2
  -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla -Wswitch-enum
  -Wimplicit-fallthrough -Wnull-dereference
  -fno-omit-frame-pointer -fstack-protector-strong)
if(SIFTD_WERROR)
  target_compile_options(siftd_flags INTERFACE -Werror)
endif()
if(SIFTD_SANITIZE)
  target_compile_options(siftd_flags INTERFACE -fsanitize=${SIFTD_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(siftd_flags INTERFACE -fsanitize=${SIFTD_SANITIZE})
endif()
