# Generated headers: model_generated.h plain for the runtime, with the object API for the converter;
# ops_selected.def, the rows of ops.def that PARE_OPS asks for; built_kinds.h and
# built_layouts.h, the kinds and layouts that it does.
set(PARE_GEN ${PROJECT_BINARY_DIR}/gen)
file(MAKE_DIRECTORY ${PARE_GEN}/runtime ${PARE_GEN}/converter)

add_custom_command(OUTPUT ${PARE_GEN}/runtime/model_generated.h
  COMMAND flatbuffers::flatc --cpp --scoped-enums -o ${PARE_GEN}/runtime ${PROJECT_SOURCE_DIR}/schema/model.fbs
  DEPENDS ${PROJECT_SOURCE_DIR}/schema/model.fbs VERBATIM)
add_custom_command(OUTPUT ${PARE_GEN}/converter/model_generated.h
  COMMAND flatbuffers::flatc --cpp --scoped-enums --gen-object-api -o ${PARE_GEN}/converter
          ${PROJECT_SOURCE_DIR}/schema/model.fbs
  DEPENDS ${PROJECT_SOURCE_DIR}/schema/model.fbs VERBATIM)
add_custom_target(pare_schema_headers
  DEPENDS ${PARE_GEN}/runtime/model_generated.h ${PARE_GEN}/converter/model_generated.h)

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/schema/ops.def ${PROJECT_SOURCE_DIR}/schema/model.fbs)
file(STRINGS ${PROJECT_SOURCE_DIR}/schema/ops.def rows REGEX "^PARE_OP")
set(selected "")
set(PARE_OP_SOURCES "")
set(known "")
set(kinds_wanted "${PARE_OPS}")
list(FILTER kinds_wanted INCLUDE REGEX ":")
set(ops_wanted "${PARE_OPS}")
list(FILTER ops_wanted EXCLUDE REGEX ":")
foreach(row IN LISTS rows)
  string(REGEX MATCH "PARE_OP\\(([A-Za-z0-9]+), ([a-z0-9_]+)\\)" matched "${row}")
  list(APPEND known ${CMAKE_MATCH_1})
  if("${ops_wanted}" STREQUAL "" OR CMAKE_MATCH_1 IN_LIST ops_wanted)
    string(APPEND selected "${row}\n")
    list(APPEND PARE_OP_SOURCES ${PROJECT_SOURCE_DIR}/runtime/ops/${CMAKE_MATCH_2}.cc)
  endif()
endforeach()
foreach(op IN LISTS ops_wanted)
  if(NOT op IN_LIST known)
    message(FATAL_ERROR "PARE_OPS names '${op}', which is no operator: `pare inspect --ops MODEL` lists a model's")
  endif()
endforeach()
file(CONFIGURE OUTPUT ${PARE_GEN}/ops_selected.def CONTENT "${selected}" @ONLY)

# Kinds: the functions of an operator and the layouts of weights, enums of the schema. PARE_OPS may name some,
# "UnaryKind:Clip"; an enum of which it names none is built whole. These operators need some that models do not
# name:
set(PARE_KINDS_OF_ArgReduce ReduceKind:Max ReduceKind:Min)
set(PARE_KINDS_OF_GroupNorm ReduceKind:Sum ReduceKind:SumSquare)
foreach(op IN ITEMS Lstm Gru Rnn)
  set(PARE_KINDS_OF_${op} UnaryKind:Sigmoid UnaryKind:Tanh)
endforeach()
foreach(op IN LISTS ops_wanted)
  list(APPEND kinds_needed ${PARE_KINDS_OF_${op}})
endforeach()

file(READ ${PROJECT_SOURCE_DIR}/schema/model.fbs schema)
set(known "")
foreach(enum IN ITEMS UnaryKind BinaryKind ReduceKind Layout)
  string(REGEX MATCH "enum ${enum} : ubyte {([^}]*)}" matched "${schema}")
  string(REGEX MATCHALL "[A-Za-z0-9]+" kinds "${CMAKE_MATCH_1}")
  list(TRANSFORM kinds PREPEND ${enum}:)
  list(APPEND known ${kinds})
  set(wanted ${kinds_wanted})
  list(FILTER wanted INCLUDE REGEX "^${enum}:")
  string(REPLACE Kind "" op ${enum})
  set(unused FALSE)  # activations and layouts belong to many operators, the other kinds to one
  if(NOT "${ops_wanted}" STREQUAL "" AND op MATCHES "^(Binary|Reduce)$" AND NOT op IN_LIST ops_wanted)
    set(unused TRUE)
  endif()
  if(wanted OR unused)
    list(APPEND wanted ${kinds_needed})
  else()
    set(wanted ${kinds})
  endif()
  set(mask 0)
  set(bit 1)
  foreach(kind IN LISTS kinds)
    if(kind IN_LIST wanted)
      math(EXPR mask "${mask} | ${bit}")
    endif()
    math(EXPR bit "${bit} << 1")
  endforeach()
  set(PARE_BUILT_${enum} ${mask})
endforeach()
foreach(kind IN LISTS kinds_wanted)
  if(NOT kind IN_LIST known)
    message(FATAL_ERROR "PARE_OPS names '${kind}', which is no kind: `pare inspect --ops MODEL` lists a model's")
  endif()
endforeach()
foreach(header IN ITEMS built_kinds built_layouts)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/${header}.h.in ${PARE_GEN}/${header}.h @ONLY)
endforeach()
