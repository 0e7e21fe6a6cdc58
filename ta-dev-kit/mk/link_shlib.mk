# A shared library for TAs: they link with -l$(SHLIBNAME) (less its `lib`) and find it by its UUID.
# It may use symbols of the TA that loads it, so what it lacks is not an error here.
include $(ta-dev-kit-dir)/mk/link_rules.mk
$(call kit-uuid-check,SHLIBUUID)

shlink-out := $(out-dir)/$(SHLIBNAME)
shlink-out-uuid := $(out-dir)/$(SHLIBUUID)
cleanfiles += $(addprefix $(shlink-out),.so .map .stripped.so .dmp)
cleanfiles += $(addprefix $(shlink-out-uuid),.elf .ta)
all: $(shlink-out).so $(shlink-out).dmp $(shlink-out-uuid).elf $(shlink-out-uuid).ta

$(shlink-out).so: $(objs) $(libdeps)
	$(kit-say) LD $@
	$(q)$(kit-linker) $(kit-ldflags) -Wl,-soname,$(SHLIBUUID) -Wl,-Map=$(shlink-out).map -o $@ $(objs) $(kit-ldlibs)

$(shlink-out).stripped.so: $(shlink-out).so
	$(kit-say) OBJCOPY $@
	$(q)$(OBJCOPY$(sm)) --strip-unneeded $< $@

$(shlink-out).dmp: $(shlink-out).so
	$(kit-say) OBJDUMP $@
	$(q)$(OBJDUMP$(sm)) -l -x -d $< >$@

$(shlink-out-uuid).elf: $(shlink-out).so
	$(q)ln -sf $(notdir $<) $@

$(shlink-out-uuid).ta: $(shlink-out).stripped.so $(kit-sign-key)
	$(call kit-package,$(SHLIBUUID))
