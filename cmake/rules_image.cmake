# rules_image.cmake - the shipped rules as the build compiled them, for a start without waiting
#
# compile_rules runs on the build machine. Where it could not run, or would take long, the program
# gets an image of no bytes, and compiles its rules at each start.
if(CMAKE_CROSSCOMPILING OR SIFTD_SANITIZE OR SIFTD_FUZZ)
  set(default_image OFF)
else()
  set(default_image ON)
endif()
option(SIFTD_RULES_IMAGE "compile the shipped rules while building" ${default_image})

set(rules_image ${CMAKE_BINARY_DIR}/generated/shipped_rules.image)
if(SIFTD_RULES_IMAGE)
  add_executable(compile_rules ${CMAKE_SOURCE_DIR}/cmake/compile_rules.c)
  target_link_libraries(compile_rules PRIVATE siftd_pipeline)
  add_custom_command(OUTPUT ${rules_image}
    COMMAND compile_rules ${CMAKE_SOURCE_DIR}/conf/rules ${rules_image}
    DEPENDS compile_rules ${rules_files}
    VERBATIM)
else()
  set(rules_image ${CMAKE_BINARY_DIR}/generated/no_rules.image)
  file(WRITE ${rules_image} "")
endif()
siftd_embed(siftd_daemon shipped_rules_images ${rules_image})
