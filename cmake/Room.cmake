# SPDX-License-Identifier: MIT
# A room is a folder and a static library. Who stands on it can include what it gives, as "ROOM/HEADER.h", and nothing
# else of it; and a room stands only on rooms that were made before it. So dependencies point one way, or it does not build.
#
#   add_room(ROOM
#     SOURCES file…        # without .c
#     GIVES header…        # without .h: what others may include
#     STANDS_ON room…
#     [FOLDER folder]      # default: one of the room's name
#     [SHOWS library…]     # whose headers are included by headers that the room gives
#     [LIBRARIES library…] # what else it is linked with
#   )
#
# A test of a room's inside links ROOM-inside, and includes its other headers by their names alone.
function(add_room room)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FOLDER" "SOURCES;GIVES;STANDS_ON;SHOWS;LIBRARIES")
  foreach(below IN LISTS arg_STANDS_ON)
    if(NOT TARGET ${below})
      message(FATAL_ERROR "${room} cannot stand on ${below}: there is no such room below it")
    endif()
  endforeach()
  if(NOT arg_FOLDER)
    set(arg_FOLDER ${room})
  endif()
  cmake_path(ABSOLUTE_PATH arg_FOLDER BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)

  list(TRANSFORM arg_SOURCES PREPEND ${arg_FOLDER}/)
  list(TRANSFORM arg_SOURCES APPEND .c)
  add_library(${room} STATIC ${arg_SOURCES})
  target_link_libraries(${room} PUBLIC build ${arg_STANDS_ON} ${arg_SHOWS} PRIVATE ${arg_LIBRARIES})

  set(shelf ${PROJECT_BINARY_DIR}/rooms/${room})
  file(REMOVE_RECURSE ${shelf})
  file(MAKE_DIRECTORY ${shelf}/${room})
  foreach(header IN LISTS arg_GIVES)
    if(NOT EXISTS ${arg_FOLDER}/${header}.h)
      message(FATAL_ERROR "${room} cannot give ${header}.h: there is none in ${arg_FOLDER}")
    endif()
    file(CREATE_LINK ${arg_FOLDER}/${header}.h ${shelf}/${room}/${header}.h SYMBOLIC)
  endforeach()
  target_include_directories(${room} PUBLIC ${shelf})

  add_library(${room}-inside INTERFACE)
  target_link_libraries(${room}-inside INTERFACE ${room})
  target_include_directories(${room}-inside INTERFACE ${arg_FOLDER})
endfunction()
