# Each test_NAME.py is one test, e2e_NAME. They have ports and directories of their own and run side by side, except for
# those that measure memory or take every core. The others run again with the program that AddressSanitizer watches, but
# for those that try the kernel's walls, terminals and other people's clients.
file(GLOB e2e_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/test_*.py)
set(e2e_alone load large_bodies)
set(e2e_of_others dry_runs escapes faults_in_the_fence faults_of_names faults_of_the_machine fence hardening help_examples interception_clients
    llm_emulators llm_sdk_anthropic llm_sdk_frameworks llm_sdk_openai llm_sdk_others lost_output manual materials packages
    mcp_authorization mcp_clients mcp_conformance oauth_clients readme recipes scripts session terminals)
foreach(file ${e2e_files})
  get_filename_component(name ${file} NAME_WE)
  string(REGEX REPLACE "^test_" "" name ${name})
  add_test(NAME e2e_${name} COMMAND /usr/bin/python3 -B ${file})
  set_tests_properties(e2e_${name} PROPERTIES LABELS e2e TIMEOUT 300
                       ENVIRONMENT "RUNAGENTS_BIN=$<TARGET_FILE:runagents>")
  if(name IN_LIST e2e_alone)
    set_tests_properties(e2e_${name} PROPERTIES RUN_SERIAL ON)
  elseif(RUNAGENTS_SANITIZED_BUILDS AND NOT name IN_LIST e2e_of_others)
    add_test(NAME asan_e2e_${name} COMMAND /usr/bin/python3 -B ${file})
    set_tests_properties(asan_e2e_${name} PROPERTIES LABELS sanitizer TIMEOUT 300 ENVIRONMENT
      "RUNAGENTS_BIN=${PROJECT_SOURCE_DIR}/build/asan/runagents;RUNAGENTS_SANITIZED=1;ASAN_SYMBOLIZER_PATH=${symbolizer}")
  endif()
endforeach()
