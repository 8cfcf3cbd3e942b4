# What the sanitizer trees build, and with RUNAGENTS_SANITIZED_BUILDS its registration in this tree, so that
# one ctest runs everything. `./dev test` builds those trees first.
option(RUNAGENTS_SANITIZED_BUILDS "Register the tests that the presets asan and tsan have built" OFF)

get_property(unit_tests GLOBAL PROPERTY RUNAGENTS_UNIT_TESTS)
# ThreadSanitizer is for what is used by more than one thread or process.
set(threaded_tests http audit server fence launch egress runner)

add_custom_target(tests_sanitized)
add_dependencies(tests_sanitized runagents)
add_custom_target(tests_threaded)
foreach(name ${unit_tests})
  add_dependencies(tests_sanitized unit_${name})
  if(name IN_LIST threaded_tests)
    add_dependencies(tests_threaded unit_${name})
  endif()
endforeach()

if(NOT RUNAGENTS_SANITIZED_BUILDS)
  return()
endif()

set(symbolizer /usr/bin/llvm-symbolizer-19)
foreach(name ${unit_tests})
  add_test(NAME asan_unit_${name} COMMAND ${PROJECT_SOURCE_DIR}/build/asan/tests/unit_${name})
  set_tests_properties(asan_unit_${name} PROPERTIES LABELS "sanitizer" TIMEOUT 300 ENVIRONMENT
                       "ASAN_SYMBOLIZER_PATH=${symbolizer};UBSAN_OPTIONS=print_stacktrace=1")
  if(name IN_LIST threaded_tests)
    add_test(NAME tsan_unit_${name} COMMAND ${PROJECT_SOURCE_DIR}/build/tsan/tests/unit_${name})
    set_tests_properties(tsan_unit_${name} PROPERTIES LABELS "sanitizer" TIMEOUT 300 ENVIRONMENT
                         "TSAN_OPTIONS=halt_on_error=1 external_symbolizer_path=${symbolizer}")
  endif()
endforeach()

# With a seed of its own: what a change fails on is what it brought. New ways are `./dev fuzz`'s to find.
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/*.cpp)
foreach(source ${fuzz_sources})
  get_filename_component(name ${source} NAME_WE)
  add_test(NAME fuzz_${name} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/run.sh
           ${PROJECT_SOURCE_DIR}/build/asan/tests/fuzz/fuzz_${name} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/fuzz/${name}
           ${PROJECT_SOURCE_DIR}/build/asan/corpus/${name} 4 1)
  set_tests_properties(fuzz_${name} PROPERTIES LABELS "fuzz" TIMEOUT 120)
endforeach()
