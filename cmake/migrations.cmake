# migrations.cmake - sinks/migrations/*.sql as bytes in the program, so that it needs no files
#
# Included by CMakeLists.txt it adds the generated source to siftd_sinks; run as a script (-P, with
# OUT and FILES) it writes that source.
if(NOT CMAKE_SCRIPT_MODE_FILE)
  file(GLOB migrations CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sinks/migrations/*.sql)
  set(migrations_c ${CMAKE_BINARY_DIR}/generated/pg_migrations.c)
  string(REPLACE ";" "," migrations_list "${migrations}")
  add_custom_command(OUTPUT ${migrations_c}
    COMMAND ${CMAKE_COMMAND} -DOUT=${migrations_c} "-DFILES=${migrations_list}"
            -P ${CMAKE_CURRENT_LIST_FILE}
    DEPENDS ${migrations} ${CMAKE_CURRENT_LIST_FILE}
    VERBATIM)
  target_sources(siftd_sinks PRIVATE ${migrations_c})
  return()
endif()

string(REPLACE "," ";" files "${FILES}")
list(SORT files)
set(arrays)
set(rows)
foreach(file ${files})
  get_filename_component(name ${file} NAME)
  if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_[a-z_]+\\.sql$")
    message(FATAL_ERROR "${name}: a migration is named NNNN_words.sql")
  endif()
  set(number ${CMAKE_MATCH_1})
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND arrays "static const char sql_${number}[] = { ${bytes}0 };\n")
  string(APPEND rows "\t{ \"${name}\", sql_${number} },\n")
endforeach()
file(WRITE ${OUT} "/* pg_migrations.c - made from sinks/migrations by migrations.cmake */
#include \"sinks/pg_migrations.h\"

${arrays}
const struct pg_migration pg_migrations[] = {
${rows}};
const size_t pg_migrations_count = sizeof(pg_migrations) / sizeof(pg_migrations[0]);
")
