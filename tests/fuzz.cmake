# fuzz.cmake - every tests/fuzz/fuzz_X.c is a libFuzzer program; its seeds lie in
# tests/fuzz/corpus/X, what it finds goes to the build directory
file(GLOB fuzz_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/fuzz_*.c)
foreach(file ${fuzz_files})
  get_filename_component(program ${file} NAME_WE)
  string(REGEX REPLACE "^fuzz_" "" name ${program})
  set(seeds ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name})
  set(found ${CMAKE_BINARY_DIR}/corpus/${name})
  file(MAKE_DIRECTORY ${found})
  if(NOT IS_DIRECTORY ${seeds})
    message(FATAL_ERROR "${program} has no seeds: ${seeds}")
  endif()
  add_executable(${program} ${file})
  target_link_libraries(${program} PRIVATE ${below})
  target_link_options(${program} PRIVATE -fsanitize=fuzzer)
  add_test(NAME fuzz.${name}
    COMMAND ${program} -max_total_time=${SIFTD_FUZZ_SECONDS} -timeout=10 -rss_limit_mb=2048
      -print_final_stats=0 -verbosity=0 -artifact_prefix=${found}. ${found} ${seeds})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz)
endforeach()
