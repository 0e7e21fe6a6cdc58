# A trusted application.
include $(ta-dev-kit-dir)/mk/link_rules.mk
$(call kit-uuid-check,BINARY)

link-out := $(out-dir)/$(BINARY)
cleanfiles += $(addprefix $(link-out),.elf .map .stripped.elf .dmp .ta)
all: $(link-out).dmp $(link-out).ta

$(link-out).elf: $(objs) $(libdeps) $(wildcard $(kit-api-stub))
	$(kit-say) LD $@
	$(q)$(kit-linker) $(kit-ldflags) -Wl,-Map=$(link-out).map -o $@ $(objs) $(kit-ldlibs)
	$(kit-check-symbols)

$(link-out).stripped.elf: $(link-out).elf
	$(kit-say) OBJCOPY $@
	$(q)$(OBJCOPY$(sm)) --strip-unneeded $< $@

$(link-out).dmp: $(link-out).elf
	$(kit-say) OBJDUMP $@
	$(q)$(OBJDUMP$(sm)) -l -x -d $< >$@

$(link-out).ta: $(link-out).stripped.elf $(kit-sign-key)
	$(call kit-package,$(BINARY))
