global-incdirs-y += include
srcs-y += transform_ta.c
