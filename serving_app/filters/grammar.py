"""The grammar of filter expressions, and its words for errors.

    category = "tea" and price < 20 and not brand in ["x", "y"]

For lark's LALR parser, whose time grows with the length of a text alone.
"""

GRAMMAR = r"""
?start: disjunction
?disjunction: conjunction (_OR conjunction)+ -> any_of
    | conjunction
?conjunction: negation (_AND negation)+ -> all_of
    | negation
?negation: NOT negation -> negate
    | condition
?condition: operand OPERATOR operand -> compare
    | operand IN options -> is_in
    | operand NOT IN options -> is_not_in
    | operand CONTAINS operand -> contains
    | operand STARTS _WITH operand -> starts_with
    | operand IS _NULL -> is_null
    | operand IS NOT _NULL -> is_not_null
    | operand -> is_true
    | "(" disjunction ")"
?options: "[" [option ("," option)* [","]] "]" -> list_options
    | PARAMETER -> parameter
?operand: NAME "[" TEXT "]" -> keyed_name
    | NAME -> name
    | NOW -> now
    | NOW SIGN NUMBER UNIT -> moved_now
    | PARAMETER -> parameter
    | literal
?option: PARAMETER -> parameter
    | literal
?literal: TEXT -> text
    | NUMBER -> number
    | SIGN NUMBER -> signed_number
    | TIME -> time
    | TRUE -> true
    | FALSE -> false

_OR: "or"i
_AND: "and"i
NOT: "not"i
IN: "in"i
CONTAINS: "contains"i
STARTS: "starts"i
_WITH: "with"i
IS: "is"i
_NULL: "null"i
TRUE: "true"i
FALSE: "false"i
NOW: "now"i
UNIT: /(minute|hour|day|week)s?/i
OPERATOR: "<=" | ">=" | "!=" | "=" | "<" | ">"
SIGN: "-" | "+"
NAME: /[a-z_][a-z0-9_]*(\.[a-z0-9_]+)*/i
PARAMETER: /\$[a-z_][a-z0-9_]*/i
TIME.2: /\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)?/
NUMBER: /\d+(\.\d+)?/
TEXT: /"([^"\\\n]|\\.)*"/ | /'([^'\\\n]|\\.)*'/
%ignore /[ \t\r\n]+/
"""

WORDS = {  # of an error, in the order in which they are named
    "NAME": "a field",
    "TEXT": "a text in quotes",
    "NUMBER": "a number",
    "TIME": "a date as 2026-01-31",
    "NOW": "now",
    "TRUE": "true",
    "FALSE": "false",
    "PARAMETER": "a parameter as $name",
    "OPERATOR": "= != < <= > >=",
    "IN": "in",
    "CONTAINS": "contains",
    "STARTS": "starts with",
    "_WITH": "with",
    "IS": "is null",
    "_NULL": "null",
    "NOT": "not",
    "_AND": "and",
    "_OR": "or",
    "SIGN": "+ or -",
    "UNIT": "minutes, hours, days or weeks",
    "LPAR": "(",
    "RPAR": ")",
    "LSQB": "[",
    "RSQB": "]",
    "COMMA": ",",
    "$END": "the end",
}
