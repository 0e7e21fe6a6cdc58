# A static library for TAs.
kit-archive := $(out-dir)/lib$(LIBNAME).a
cleanfiles += $(kit-archive)
all: $(kit-archive)

$(kit-archive): $(objs)
	$(kit-say) AR $@
	$(q)mkdir -p $(@D)
	$(q)rm -f $@ && $(AR$(sm)) rcs $@ $(objs)
