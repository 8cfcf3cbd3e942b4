# Read by CPack before it makes a package.

# Whatever umask it was built under.
execute_process(COMMAND chmod -R u=rwX,go=rX ${CPACK_TEMPORARY_DIRECTORY} COMMAND_ERROR_IS_FATAL ANY)

# Debian wants manual pages and changelogs compressed, the same each time.
if(CPACK_GENERATOR STREQUAL "DEB")
  file(GLOB_RECURSE files ${CPACK_TEMPORARY_DIRECTORY}/*)
  list(FILTER files INCLUDE REGEX "/man/man[0-9]/|/changelog")
  execute_process(COMMAND gzip -9n ${files} COMMAND_ERROR_IS_FATAL ANY)
endif()
