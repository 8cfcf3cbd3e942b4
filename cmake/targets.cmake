# Flags for everything that is compiled here.
add_library(runagents_flags INTERFACE)
target_include_directories(runagents_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(runagents_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
target_compile_definitions(runagents_flags INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
                           BOOST_ALL_NO_LIB RUNAGENTS_VERSION="${PROJECT_VERSION}")
target_link_libraries(runagents_flags INTERFACE Threads::Threads)
# The same program wherever it is built.
target_compile_options(runagents_flags INTERFACE "$<$<CONFIG:Release>:-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=>")
if(RUNAGENTS_SANITIZE)
  target_compile_options(runagents_flags INTERFACE -fsanitize=${RUNAGENTS_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(runagents_flags INTERFACE -fsanitize=${RUNAGENTS_SANITIZE})
endif()
if(RUNAGENTS_FUZZ)
  target_compile_options(runagents_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# What is read of the libraries is compiled once. The program itself shares little, and nothing with static objects. A
# sanitized tree is for its tests alone and may share more; what it shares needs Asio's own code.
if(RUNAGENTS_SANITIZE)
  target_link_libraries(runagents_flags INTERFACE fmt::fmt-header-only)
  set(shared_headers ${PROJECT_SOURCE_DIR}/cmake/common_headers.hpp)
  set(shared_source ${PROJECT_SOURCE_DIR}/core/http/asio_source.cpp)
else()
  set(shared_headers ${PROJECT_SOURCE_DIR}/cmake/standard_headers.hpp)
  set(shared_source ${CMAKE_BINARY_DIR}/precompiled.cpp)
  file(CONFIGURE OUTPUT ${shared_source} CONTENT "")
endif()

# runagents_precompiled(NAME [OPTION...])
function(runagents_precompiled name)
  add_library(${name} STATIC ${shared_source})
  target_link_libraries(${name} PRIVATE runagents_flags)
  target_compile_options(${name} PRIVATE ${ARGN})
  target_precompile_headers(${name} PRIVATE ${shared_headers})
endfunction()

function(runagents_precompile target precompiled)
  if(RUNAGENTS_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${precompiled})
    target_link_libraries(${target} PRIVATE ${precompiled})
  endif()
endfunction()

runagents_precompiled(runagents_precompiled)
# A header that was compiled with other options is refused.
runagents_precompiled(runagents_precompiled_small $<$<CONFIG:Release>:-Os>)

# runagents_library(NAME FOLDER [PRECOMPILED target] [FOLDERS more...] LINK public... PRIVATE private...)
# One static library per folder: runagents_NAME, made of the .cpp files directly in it.
function(runagents_library name folder)
  cmake_parse_arguments(arg "" "PRECOMPILED" "FOLDERS;LINK;PRIVATE" ${ARGN})
  if(NOT arg_PRECOMPILED)
    set(arg_PRECOMPILED runagents_precompiled)
  endif()
  set(sources)
  foreach(one ${folder} ${arg_FOLDERS})
    file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${one}/*.cpp)
    list(FILTER found EXCLUDE REGEX "/main\\.cpp$")
    list(APPEND sources ${found})
  endforeach()
  add_library(runagents_${name} STATIC ${sources})
  target_link_libraries(runagents_${name} PUBLIC runagents_flags ${arg_LINK} PRIVATE ${arg_PRIVATE})
  runagents_precompile(runagents_${name} ${arg_PRECOMPILED})
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

# Looking up the symbols of C++ libraries was a third of the time that `runagents run -- true` took. Relative relocations are
# packed: the portable program has 30,000, and glibc 2.36 is the first to know DT_RELR.
function(runagents_program_options target)
  runagents_harden(${target})
  if(NOT RUNAGENTS_SANITIZE)
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc -Wl,--gc-sections -Wl,--icf=safe
                        -Wl,-z,pack-relative-relocs)
  endif()
endfunction()
