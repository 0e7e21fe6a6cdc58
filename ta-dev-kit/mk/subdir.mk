# Reads sub.mk of the TA's directory and of the directories that it names, and makes a rule of each
# source. In a sub.mk, sub-dir is its directory and sub-dir-out where its objects go.
#
#   srcs-y              sources: .c, .S, .s, .cc, .cpp, .cxx
#   subdirs-y           directories with a sub.mk of their own
#   global-incdirs-y    include directories for all sources; incdirs-y: for this directory's
#   cflags-y cppflags-y aflags-y cxxflags-y     flags for this directory's sources, and with the
#   cflags-FILE-y ...   name of a source for that one; cflags-remove-y, cflags-remove-FILE-y: drop
#   gensrcs-y           names of generated files: produce-NAME is the file, below sub-dir-out,
#                       depends-NAME what it is made from, recipe-NAME the commands;
#                       produce-additional-NAME: more files that the same commands make
#   srcs_ext-y          sources below the directory srcs_ext_base-y, anywhere; incdirs_ext-y and
#                       global-incdirs_ext-y: include directories, as they are
#   libnames libdirs libdeps    libraries to link: -l, -L and what to wait for
#   cleanfiles          more files for `make clean`
kit-sub-words := srcs-y subdirs-y global-incdirs-y incdirs-y cflags-y cflags-remove-y cppflags-y \
	cppflags-remove-y aflags-y aflags-remove-y cxxflags-y cxxflags-remove-y gensrcs-y \
	srcs_ext-y srcs_ext_base-y incdirs_ext-y global-incdirs_ext-y
kit-file-words := cflags cflags-remove cppflags cppflags-remove aflags aflags-remove cxxflags \
	cxxflags-remove

kit-global-incdirs :=
kit-generated :=

# The language's flags of a source: of its directory, then its own.
kit-lang = $(if $(filter $(kit-cxx-suffixes),$(suffix $1)),cxxflags,$(if $(filter $(kit-asm-suffixes),$(suffix $1)),aflags,cflags))
kit-sub-flags = $($1-y) $($1-$2-y)

# $(call kit-sub-source,name in sub.mk,source,object)
kit-sub-source = $(eval $(call kit-compile,$2,$3,$(kit-sub-incdirs) $(call kit-sub-flags,cppflags,$1),$(call kit-sub-flags,$(call kit-lang,$1),$1),$(call kit-sub-flags,$(call kit-lang,$1)-remove,$1) $(call kit-sub-flags,cppflags-remove,$1)))
kit-sub-incdirs = $(foreach dir,$(incdirs-y),-I$(call kit-path,$(sub-dir),$(dir))) $(foreach dir,$(incdirs_ext-y),-I$(dir))

# One generated file. What is made by one recipe is one group: the further files follow the first.
define kit-sub-generate
ifeq ($$(and $$(produce-$1),$$(recipe-$1)),)
$$(call kit-error,$(sub-dir)/sub.mk: gensrcs-y has $1 but not both produce-$1 and recipe-$1)
endif
kit-gen-main := $$(sub-dir-out)/$$(produce-$1)
kit-gen-more := $$(addprefix $$(sub-dir-out)/,$$(produce-additional-$1))
kit-generated += $$(kit-gen-main) $$(kit-gen-more)
cleanfiles += $$(kit-gen-main) $$(kit-gen-more)
$$(kit-gen-main): private kit-recipe := $$(recipe-$1)
$$(kit-gen-main): $$(depends-$1)
	$$(kit-say) GEN $$@
	$$(q)mkdir -p $$(@D)
	$$(q)$$(kit-recipe)
	$$(q)test -e $$@ || { echo "TA dev kit: the recipe of $1 ($(sub-dir)/sub.mk) did not make $$@" >&2; exit 1; }
$$(if $$(kit-gen-more),$$(eval $$(kit-gen-more): $$(kit-gen-main) ;))
ifneq ($$(filter $$(kit-c-suffixes) $$(kit-cxx-suffixes) $$(kit-asm-suffixes),$$(suffix $$(kit-gen-main))),)
$$(call kit-sub-source,$$(produce-$1),$$(kit-gen-main),$$(basename $$(kit-gen-main)).o)
endif
endef

define kit-sub-include
sub-dir := $1
sub-dir-out := $(patsubst %/.,%,$(out-dir)/$(subst ../,__/,$(patsubst /%,__root/%,$1)))
$(foreach word,$(kit-sub-words),$(eval $(word) :=))
ifeq ($$(wildcard $1/sub.mk),)
$$(call kit-error,there is no $(abspath $1)/sub.mk$(comma) which should name the sources (srcs-y))
endif
include $1/sub.mk
kit-global-incdirs += $$(foreach dir,$$(global-incdirs-y),-I$$(call kit-path,$1,$$(dir)))
kit-global-incdirs += $$(foreach dir,$$(global-incdirs_ext-y),-I$$(dir))
$$(foreach name,$$(gensrcs-y),$$(eval $$(call kit-sub-generate,$$(name))))
$$(foreach src,$$(srcs-y),$$(call kit-sub-source,$$(src),$$(call kit-path,$1,$$(src)),$$(call kit-object,$$(call kit-path,$1,$$(src)))))
$$(foreach src,$$(srcs_ext-y),$$(call kit-sub-source,$$(src),$$(call kit-path,$$(srcs_ext_base-y),$$(src)),$$(sub-dir-out)/__ext/$$(basename $$(src)).o))
$$(foreach src,$$(srcs-y) $$(srcs_ext-y),$$(foreach word,$$(kit-file-words),$$(eval undefine $$(word)-$$(src)-y)))
kit-sub-todo := $$(foreach dir,$$(subdirs-y),$$(call kit-path,$1,$$(dir))) $$(wordlist 2,$$(words $$(kit-sub-todo)),$$(kit-sub-todo))
endef

# Depth first, in the order of subdirs-y.
kit-sub-next = $(if $(strip $(kit-sub-todo)),$(eval $(call kit-sub-include,$(firstword $(kit-sub-todo))))$(call kit-sub-next))
kit-sub-todo := .
$(call kit-sub-next)
sub-dir :=
sub-dir-out := $(out-dir)

ifeq ($(strip $(objs)),)
$(call kit-error,$(CURDIR)/sub.mk names no source: srcs-y is empty)
endif

# The description of the TA is compiled from the kit.
ifneq ($(BINARY),)
$(eval $(call kit-compile,$(ta-dev-kit-dir)/src/user_ta_header.c,$(out-dir)/user_ta_header.o,,,))
endif

# Generated headers exist before anything is compiled.
$(objs): | $(kit-generated)

include $(wildcard $(objs:.o=.d))

# What make would call «no rule to make target».
.DEFAULT:
	@echo "TA dev kit: there is no '$@' in $(CURDIR), and nothing that makes it; look for it in sub.mk (srcs-y, depends-, libdeps) and on the command line" >&2
	@exit 1
