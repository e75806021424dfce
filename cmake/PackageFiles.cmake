# SPDX-License-Identifier: MIT
# Run by cpack on the installed tree, before it becomes a Debian package: adds what Debian's policy wants,
# and the configuration of the machine. `cmake --install` does not, because it would overwrite a changed one.

set(tree ${CPACK_TEMPORARY_DIRECTORY})
set(doc ${tree}${CPACK_MISSKEY_DOCDIR})

# Not file(INSTALL), which obeys the DESTDIR that is set here.
function(add_file source destination)
  execute_process(COMMAND install -D --mode=644 ${CPACK_MISSKEY_SOURCE}/${source} ${destination}
    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

add_file(cmake/debian/copyright ${doc}/copyright)
add_file(cmake/debian/changelog ${doc}/changelog)
# All of it is commented out: without a change it says nothing. The daemon reads it in /etc, whatever the prefix.
add_file(config.example.ini ${tree}/etc/xdg/misskey-authd/config.ini)
add_file(examples/systemd/misskey-authd-login.desktop ${tree}/etc/xdg/autostart/misskey-authd-login.desktop)

file(GLOB_RECURSE pages ${tree}${CPACK_MISSKEY_MANDIR}/*.[1-8])
execute_process(COMMAND gzip -9 --no-name --force ${pages} ${doc}/changelog COMMAND_ERROR_IS_FATAL ANY)

# The same sources make the same files, whatever the umask is, and as old as the last change; with the same umask
# the same package, to the byte.
if(NOT DEFINED ENV{SOURCE_DATE_EPOCH})
  execute_process(COMMAND dpkg-parsechangelog -l ${CPACK_MISSKEY_SOURCE}/cmake/debian/changelog -S Timestamp
    OUTPUT_VARIABLE timestamp OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(ENV{SOURCE_DATE_EPOCH} ${timestamp})
endif()
execute_process(COMMAND chmod -R u=rwX,go=rX ${tree} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND find ${tree} -exec touch --no-dereference --date=@$ENV{SOURCE_DATE_EPOCH} {} +
  COMMAND_ERROR_IS_FATAL ANY)
