# $(call cc-option,-Wx,-Wy): the first of the two that the C compiler knows.
cc-option = $(if $(shell $(CC$(sm)) -Werror $(1) -x c -c -o /dev/null /dev/null 2>/dev/null && echo y),$(1),$(2))
