# Functions on lists and paths, for these makefiles and for sub.mk.
empty :=
space := $(empty) $(empty)
hash := \#
define newline


endef

# $(call cfg-one-enabled,A B): y when one of the switches is y. cfg-all-enabled: when all are.
cfg-one-enabled = $(if $(filter y,$(foreach var,$1,$($(var)))),y,n)
cfg-all-enabled = $(if $(strip $(foreach var,$1,$(if $(filter y,$($(var))),,x))),n,y)
# $(call force,VAR,value): set a switch, unless the user asked for another value.
force = $(if $(filter-out $2,$(filter-out undefined,$($1))),$(call kit-error,$1 must be $2),$(eval $1 := $2))

# $(call kit-path,dir,name): name as seen from dir, unless it is absolute.
kit-path = $(if $(filter /%,$2),$2,$(if $(filter .,$1),$2,$(patsubst %/,%,$1)/$2))

# Where the object of a source goes: below the output directory, wherever the source is.
kit-object = $(out-dir)/$(subst ../,__/,$(patsubst /%,__root/%,$(patsubst ./%,%,$(basename $1)))).o

# $(call kit-write-if-new,file,text): write, and only when that changes something, so that what
# depends on the file is rebuilt when its text changed.
define kit-write-if-new
$(shell mkdir -p '$(dir $1)')$(if $(call kit-differ,$(strip $(file <$1)),$(strip $2)),$(file >$1,$2))
endef
kit-differ = $(if $(and $(findstring x$1x,x$2x),$(findstring x$2x,x$1x)),,y)
