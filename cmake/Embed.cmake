# SPDX-License-Identifier: MIT
# Makes a C file of text files, for a program that carries them: cmake -D OUTPUT=FILE -P Embed.cmake FILE…
# page.css becomes const char page_css[]. Comments and line ends with the blanks after them are left out.
if(CMAKE_SCRIPT_MODE_FILE)
  math(EXPR last "${CMAKE_ARGC} - 1")
  set(text "/* Made by cmake/Embed.cmake. */\n")
  foreach(n RANGE 5 ${last})
    set(file "${CMAKE_ARGV${n}}")
    cmake_path(GET file FILENAME name)
    string(MAKE_C_IDENTIFIER "${name}" name)
    file(READ "${file}" bytes)
    string(REGEX REPLACE "/\\*[^*]*\\*/|<!--[^>]*-->" "" bytes "${bytes}")
    string(REGEX REPLACE "\n *" "" bytes "${bytes}")
    string(HEX "${bytes}" bytes)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(APPEND text "extern const char ${name}[];\nconst char ${name}[] = {${bytes}0};\n")
  endforeach()
  file(WRITE "${OUTPUT}" "${text}")
  return()
endif()

# Adds the files of the room's folder to it.
function(embed_files room)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/${room}/ OUTPUT_VARIABLE files)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${room}_files.c)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -D OUTPUT=${output} -P ${PROJECT_SOURCE_DIR}/cmake/Embed.cmake ${files}
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/Embed.cmake
    VERBATIM)
  target_sources(${room} PRIVATE ${output})
endfunction()
