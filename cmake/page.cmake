# page.cmake - builds the web page by npm and puts it into siftd_api
#
# SIFTD_PAGE: ON fails without the page, OFF serves a plain page instead, AUTO tries. What
# scripts/page makes is shared by all build folders, so the page is built once for all of them.
set(SIFTD_PAGE AUTO CACHE STRING "build the web page: ON, OFF, or AUTO (when npm and its packages are there)")
set_property(CACHE SIFTD_PAGE PROPERTY STRINGS AUTO ON OFF)

# Nobody looks at the page of a sanitizer's or fuzzer's build.
set(page ${SIFTD_PAGE})
if(page STREQUAL "AUTO" AND (SIFTD_SANITIZE OR SIFTD_FUZZ))
  set(page OFF)
endif()

set(page_script ${CMAKE_SOURCE_DIR}/scripts/page)
if(page)
  execute_process(COMMAND ${page_script} packages
    RESULT_VARIABLE page_status OUTPUT_VARIABLE page_said ERROR_VARIABLE page_said)
  if(NOT page_status EQUAL 0)
    string(STRIP "${page_said}" page_said)
    if(page STREQUAL "ON")
      message(FATAL_ERROR "SIFTD_PAGE=ON, but the page cannot be built:\n${page_said}")
    endif()
    message(WARNING "siftd is built WITHOUT its web page; the rest is whole:\n${page_said}")
    set(page OFF)
  endif()
endif()

if(page)
  file(GLOB_RECURSE page_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/src/*)
  foreach(name index.html package.json package-lock.json pack.mjs tsconfig.json vite.config.ts)
    list(APPEND page_sources ${CMAKE_SOURCE_DIR}/web/${name})
  endforeach()
  set(page_c ${CMAKE_BINARY_DIR}/generated/page_bundle.c)
  add_custom_command(OUTPUT ${page_c}
    COMMAND ${page_script} build ${page_c}
    DEPENDS ${page_sources} ${page_script}
    COMMENT "Building the web page"
    VERBATIM)
  target_sources(siftd_api PRIVATE ${page_c})
else()
  siftd_embed(siftd_api page_bundle ${CMAKE_SOURCE_DIR}/web/unbuilt/index.html)
endif()
