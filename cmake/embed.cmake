# embed.cmake - files as bytes in the program, so that it needs none of them at run time
#
# siftd_embed(TARGET NAME FILE...) adds a generated source to TARGET that defines
# `const struct embedded_file NAME[]` and `const size_t NAME_count` (base/embedded.h), sorted by
# name. Run as a script (-P, with OUT, NAME and FILES) this file writes that source.
if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(SIFTD_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
  function(siftd_embed target name)
    set(out ${CMAKE_BINARY_DIR}/generated/${name}.c)
    string(REPLACE ";" "," list "${ARGN}")
    add_custom_command(OUTPUT ${out}
      COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DNAME=${name} "-DFILES=${list}"
              -P ${SIFTD_EMBED_SCRIPT}
      DEPENDS ${ARGN} ${SIFTD_EMBED_SCRIPT}
      VERBATIM)
    target_sources(${target} PRIVATE ${out})
  endfunction()
  return()
endif()

string(REPLACE "," ";" files "${FILES}")
list(SORT files)
set(arrays)
set(rows)
set(number 0)
foreach(file ${files})
  get_filename_component(name ${file} NAME)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND arrays "static const char bytes_${number}[] = { ${bytes}0 };\n")
  string(APPEND rows "\t{ \"${name}\", { bytes_${number}, sizeof(bytes_${number}) - 1 } },\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUT} "/* ${NAME}.c - made by embed.cmake */
#include \"base/embedded.h\"

extern const struct embedded_file ${NAME}[];
extern const size_t ${NAME}_count;
${arrays}
const struct embedded_file ${NAME}[] = {
${rows}};
const size_t ${NAME}_count = sizeof(${NAME}) / sizeof(${NAME}[0]);
")
