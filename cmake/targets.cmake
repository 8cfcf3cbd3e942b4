# Flags for everything that is compiled here.
add_library(runagents_flags INTERFACE)
target_include_directories(runagents_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(runagents_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
target_compile_definitions(runagents_flags INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
                           BOOST_ALL_NO_LIB RUNAGENTS_VERSION="${PROJECT_VERSION}")
target_link_libraries(runagents_flags INTERFACE Threads::Threads)
if(RUNAGENTS_SANITIZE)
  target_compile_options(runagents_flags INTERFACE -fsanitize=${RUNAGENTS_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(runagents_flags INTERFACE -fsanitize=${RUNAGENTS_SANITIZE})
endif()
if(RUNAGENTS_FUZZ)
  target_compile_options(runagents_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# A sanitized tree is compiled for its tests alone, so it may share what it reads of the libraries.
if(RUNAGENTS_SANITIZE)
  target_link_libraries(runagents_flags INTERFACE fmt::fmt-header-only)
  add_library(runagents_precompiled STATIC ${PROJECT_SOURCE_DIR}/core/http/asio_source.cpp)
  target_link_libraries(runagents_precompiled PRIVATE runagents_flags)
  target_precompile_headers(runagents_precompiled PRIVATE ${PROJECT_SOURCE_DIR}/cmake/common_headers.hpp)
endif()

function(runagents_precompile target)
  if(RUNAGENTS_SANITIZE)
    target_precompile_headers(${target} REUSE_FROM runagents_precompiled)
    target_link_libraries(${target} PRIVATE runagents_precompiled)
  endif()
endfunction()

# runagents_library(NAME FOLDER [FOLDERS more...] LINK public... PRIVATE private...)
# One static library per folder: runagents_NAME, made of the .cpp files directly in it.
function(runagents_library name folder)
  cmake_parse_arguments(arg "" "" "FOLDERS;LINK;PRIVATE" ${ARGN})
  set(sources)
  foreach(one ${folder} ${arg_FOLDERS})
    file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${one}/*.cpp)
    list(FILTER found EXCLUDE REGEX "/main\\.cpp$")
    list(APPEND sources ${found})
  endforeach()
  add_library(runagents_${name} STATIC ${sources})
  target_link_libraries(runagents_${name} PUBLIC runagents_flags ${arg_LINK} PRIVATE ${arg_PRIVATE})
  runagents_precompile(runagents_${name})
endfunction()

# runagents_embed(TARGET PATTERN...): compiles files into a library; cli/embedded_files.hpp gives them back.
function(runagents_embed target)
  list(TRANSFORM ARGN PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE patterns)
  file(GLOB files CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} ${patterns})
  list(FILTER files EXCLUDE REGEX "/README\\.md$")
  list(JOIN files "," joined)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded_files.cpp)
  list(TRANSFORM files PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE depended)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DROOT=${PROJECT_SOURCE_DIR} -DFILES=${joined}
            -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${depended} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
