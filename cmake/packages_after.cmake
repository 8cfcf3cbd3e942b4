# Read by CPack after it has made a package.

# CPack's own archive says who built it, and holds files in the order in which their directories list them.
if(CPACK_GENERATOR STREQUAL "TGZ")
  set(time now)
  if(DEFINED ENV{SOURCE_DATE_EPOCH})
    set(time @$ENV{SOURCE_DATE_EPOCH})
  endif()
  set(unpacked ${CPACK_TEMPORARY_DIRECTORY}/unpacked)
  file(MAKE_DIRECTORY ${unpacked})
  execute_process(COMMAND tar --extract --no-same-owner --same-permissions --directory=${unpacked} --file=${CPACK_PACKAGE_FILES}
                  COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND tar --create --format=gnu --sort=name --owner=root:0 --group=root:0 --mtime=${time} --directory=${unpacked}
                          ${CPACK_PACKAGE_FILE_NAME}
                  COMMAND gzip -9n
                  OUTPUT_FILE ${CPACK_PACKAGE_FILES}
                  COMMAND_ERROR_IS_FATAL ANY)
endif()
