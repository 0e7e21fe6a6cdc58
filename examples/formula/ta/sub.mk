global-incdirs-y += include .
srcs-y += entry_points.cc formula.cc
