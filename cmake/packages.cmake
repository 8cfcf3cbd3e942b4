# Packages: cpack -G DEB and cpack -G TGZ, when `runagents` and `runagents_portable` are built.

# The same program for other distributions: of shared libraries it needs glibc's alone.
add_executable(runagents_portable ${PROJECT_SOURCE_DIR}/cli/main.cpp)
target_link_libraries(runagents_portable PRIVATE runagents_cli)
runagents_program_options(runagents_portable)
set_target_properties(runagents_portable PROPERTIES PORTABLE ON)
install(PROGRAMS $<TARGET_FILE:runagents_portable> DESTINATION ${CMAKE_INSTALL_BINDIR} RENAME runagents COMPONENT portable EXCLUDE_FROM_ALL)
install(FILES LICENSE README.md CHANGELOG.md SECURITY.md DESTINATION . COMPONENT portable EXCLUDE_FROM_ALL)
install(FILES man/reference.md man/session.svg DESTINATION man COMPONENT portable EXCLUDE_FROM_ALL)

# What is in the program, made when it is packaged from what was linked: runagents.cdx.json, and the notices beside it.
function(install_materials component program)
  cmake_parse_arguments(arg "" "" "OPTIONS" ${ARGN})
  target_link_options(${program} PRIVATE -Wl,--print-archive-stats=${CMAKE_BINARY_DIR}/${program}.archives)
  set(output ${CMAKE_BINARY_DIR}/materials/${component})
  list(JOIN arg_OPTIONS " " options)
  install(CODE "execute_process(COMMAND /usr/bin/python3 -B \"${CMAKE_CURRENT_FUNCTION_LIST_DIR}/materials/bill_of_materials.py\"
    --build \"${CMAKE_BINARY_DIR}\" --ninja \"${CMAKE_MAKE_PROGRAM}\" --program \"$<TARGET_FILE:${program}>\"
    --archives \"${CMAKE_BINARY_DIR}/${program}.archives\" --version ${PROJECT_VERSION} --triplet ${CMAKE_LIBRARY_ARCHITECTURE}
    --output \"${output}\" ${options} COMMAND_ERROR_IS_FATAL ANY)" COMPONENT ${component} EXCLUDE_FROM_ALL)
  install(DIRECTORY ${output}/ DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/runagents COMPONENT ${component} EXCLUDE_FROM_ALL)
endfunction()
install_materials(debian runagents)
install_materials(portable runagents_portable OPTIONS --for-any-distribution)

set(debian ${CMAKE_BINARY_DIR}/debian)
string(TIMESTAMP RUNAGENTS_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${CMAKE_CURRENT_LIST_DIR}/debian/changelog.in ${debian}/changelog.Debian @ONLY)
configure_file(CHANGELOG.md ${debian}/changelog COPYONLY)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/debian/copyright ${debian}/changelog ${debian}/changelog.Debian
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/runagents COMPONENT debian EXCLUDE_FROM_ALL)

# As its links have it.
install(FILES README.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/runagents COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES man/reference.md man/session.svg DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/runagents/man COMPONENT debian EXCLUDE_FROM_ALL)

# Debian's zsh looks there for what packages bring.
install(FILES completions/_runagents DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT debian EXCLUDE_FROM_ALL)

set(CPACK_PACKAGE_NAME runagents)
set(CPACK_PACKAGE_CONTACT "the runagents maintainers <maintainers@users.noreply.r-seed-9f705053.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "run AI agents that hold no credentials")
set(CPACK_PACKAGE_DESCRIPTION
    "Starts an agent behind a loopback proxy that identifies the tool behind every
call, checks policy and capabilities, asks a person where policy says so,
injects the credential, and records the decision. The agent itself is fenced
in: it reaches nothing but its tools.")
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/packages_by_kind.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/packages_before.cmake)
set(CPACK_POST_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/packages_after.cmake)

set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_PACKAGE_FILE_NAME runagents-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR})

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS libcurl4)  # loaded when first used, as libpq is
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS libpq5)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
include(CPack)
