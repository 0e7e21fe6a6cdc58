# What linking a TA and a shared library for TAs have in common: the command, the check of symbols,
# the listing, and the package.
libdirs += $(ta-dev-kit-dir)/lib
libnames += utils utee dl
ifeq ($(CFG_TA_MBEDTLS),y)
libnames += mbedtls
endif

# -Bsymbolic: what the image defines it also uses. No RUNPATH, no executable stack.
kit-ldflags = -shared -Wl,-Bsymbolic -Wl,-z,noexecstack,-z,relro,-z,now -Wl,--build-id \
	-Wl,--as-needed -Wl,--warn-common -Wl,--exclude-libs,libmbedtls.a $(addprefix -L,$(libdirs)) $(LDFLAGS)
kit-ldlibs = $(LDADD) -Wl,--start-group $(addprefix -l,$(libnames)) -Wl,--end-group
kit-linker = $(if $(kit-has-cxx),$(CXX$(sm)),$(CC$(sm)))

# Symbols of the runtime stay undefined in the image. One that the runtime does not have either
# would be found missing when a client opens a session; this finds it now, by linking once more
# against a stand-in for the runtime.
kit-api-stub := $(ta-dev-kit-dir)/lib/libtee_api_stub.a
TA_CHECK_SYMBOLS ?= y
kit-check-link = $(kit-linker) $(kit-ldflags) -Wl,-z,defs -o $@.check $(objs) $(kit-ldlibs) \
	$(kit-api-stub) $(kit-ldlibs)
kit-check-text = TA dev kit: $(notdir $@): nobody provides the symbols named above - neither the TA, \
	its libraries, the C library nor the runtime. Add the source or library that does, or build \
	with TA_CHECK_SYMBOLS=n to find out at run time
ifeq ($(TA_CHECK_SYMBOLS)$(wildcard $(kit-api-stub)),y$(kit-api-stub))
define kit-check-symbols
$(q)$(kit-check-link) && rm -f $@.check || \
	{ rm -f $@.check $@; echo "$(kit-check-text)" >&2; exit 1; }
endef
endif

# The tool beside the kit: in a build tree, and where it is installed.
TEESIM ?= $(firstword $(wildcard $(ta-dev-kit-dir)/../bin/teesim $(ta-dev-kit-dir)/../../../bin/teesim))
ifneq ($(filter y,$(CFG_ENCRYPT_TA)),)
$(info TA dev kit: CFG_ENCRYPT_TA=y has no effect, packages are signed and not encrypted)
endif
ifneq ($(TA_SUBKEY_ARGS)$(TA_SUBKEY_DEPS),)
$(info TA dev kit: TA_SUBKEY_ARGS and TA_SUBKEY_DEPS have no effect, packages are signed with one key)
endif

# The key for boards, and the file that stands in its place here, mean the developer's own key.
kit-sign-key := $(if $(filter-out %/keys/default_ta.pem,$(TA_SIGN_KEY)),$(TA_SIGN_KEY))
ifneq ($(kit-sign-key),)
ifneq ($(findstring -----BEGIN,$(file <$(wildcard $(kit-sign-key)))),)
$(info TA dev kit: TA_SIGN_KEY=$(kit-sign-key) is a key for boards; the package is signed with your own \
	development key)
kit-sign-key :=
endif
endif

# $(call kit-package,uuid): from the first prerequisite, the stripped image, to the target.
ifneq ($(TEESIM),)
define kit-package
$(kit-say) SIGN $@
$(q)$(TEESIM) ta sign --uuid $1 --version $(CFG_TA_VERSION) $(if $(kit-sign-key),--key $(kit-sign-key)) --in $< --out $@
endef
else
define kit-package
$(kit-say) COPY $@
$(q)cp $< $@
$(if $(V),,@echo "TA dev kit: $@ is not signed, there is no teesim tool beside the kit; set TEESIM to sign it")
endef
endif

# $(call kit-uuid-check,variable)
kit-hex := 0 1 2 3 4 5 6 7 8 9 a b c d e f A B C D E F
kit-mask-hex = $(if $2,$(call kit-mask-hex,$(subst $(firstword $2),x,$1),$(wordlist 2,99,$2)),$1)
kit-uuid-check = $(if $(filter xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx,$(call kit-mask-hex,$($1),$(kit-hex))),,$(call kit-error,$1=$($1) in $(CURDIR) is not a UUID (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx)))
