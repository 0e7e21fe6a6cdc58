# Everything that a sub.mk can say, in one TA; `ta.c` has a command for each.
global-incdirs-y += include
subdirs-y += src
srcs-y += ta.c
srcs-$(CFG_KIT_EXTRA) += extra.c

# A file without warnings among others that are errors, and a macro for one file.
cflags-y += -Werror -Wunused-variable
cflags-remove-sloppy.c-y += -Werror
srcs-y += sloppy.c
cppflags-sloppy.c-y += -DONLY_SLOPPY=5

# One recipe that makes a source and its header.
gensrcs-y += table
produce-table = generated/table.c
produce-additional-table = generated/table.h
depends-table = table.txt
recipe-table = printf 'const unsigned int table = %s;\n' "$$(cat table.txt)" >$(sub-dir-out)/generated/table.c; \
	printf 'extern const unsigned int table;\n' >$(sub-dir-out)/generated/table.h
global-incdirs_ext-y += $(sub-dir-out)/generated

# Sources of another project, anywhere.
srcs_ext_base-y := $(CURDIR)/ext
srcs_ext-y += lib/external.c
incdirs_ext-y += $(CURDIR)/ext/lib
cleanfiles += $(sub-dir-out)/left-over
