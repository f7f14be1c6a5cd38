# checks.cmake - what a machine can check about the sources, as tests
find_program(CLANG_FORMAT clang-format)
find_program(CLANG_TIDY clang-tidy)
find_program(SYSTEMD_ANALYZE systemd-analyze)

# The call circles are read from the object files of this build.
add_test(NAME check.layers
  COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/check_layers
    --root ${CMAKE_SOURCE_DIR} --objects ${CMAKE_BINARY_DIR})
set_tests_properties(check.layers PROPERTIES LABELS check)

add_test(NAME check.test_checks
  COMMAND ${PYTHON3} -m pytest -q -p no:cacheprovider ${CMAKE_CURRENT_SOURCE_DIR}/test_check_layers.py
    ${CMAKE_CURRENT_SOURCE_DIR}/test_checks.py)
set_tests_properties(check.test_checks PROPERTIES LABELS check)

if(CLANG_FORMAT)
  add_test(NAME lint.format
    COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/check_lint format --root ${CMAKE_SOURCE_DIR})
  set_tests_properties(lint.format PROPERTIES LABELS lint)
endif()
# clang-tidy reads the compile commands of this build; one build is enough.
if(CLANG_TIDY AND NOT SIFTD_SANITIZE)
  add_test(NAME lint.tidy
    COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/check_lint tidy --root ${CMAKE_SOURCE_DIR}
      --build ${CMAKE_BINARY_DIR})
  set_tests_properties(lint.tidy PROPERTIES LABELS lint TIMEOUT 1500 PROCESSORS 2)
endif()
if(SYSTEMD_ANALYZE)
  add_test(NAME check.systemd
    COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/check_systemd ${CMAKE_SOURCE_DIR}/systemd/siftd.service)
  set_tests_properties(check.systemd PROPERTIES LABELS check)
endif()

add_test(NAME bench.generate
  COMMAND ${PYTHON3} -m pytest -q -p no:cacheprovider ${CMAKE_CURRENT_SOURCE_DIR}/test_generate.py)
set_tests_properties(bench.generate PROPERTIES ENVIRONMENT SIFTD_GENERATE=$<TARGET_FILE:generate>)
