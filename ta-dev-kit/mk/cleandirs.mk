# `make clean` removes what was made and then the directories that this left empty.
kit-clean-dirs = $(sort $(patsubst %/,%,$(patsubst $(out-dir)/%,%,$(filter $(out-dir)/%,$(dir $(cleanfiles))))))

clean:
	$(kit-say) CLEAN $(out-dir)
	$(q)rm -f $(cleanfiles)
	$(q)for dir in $(kit-clean-dirs); do \
		[ ! -d "$(out-dir)/$$dir" ] || \
			(cd "$(out-dir)" && rmdir -p --ignore-fail-on-non-empty "$$dir"); \
	done
	$(q)$(if $(filter-out .,$(out-dir)),[ ! -d "$(out-dir)" ] || rmdir --ignore-fail-on-non-empty "$(out-dir)",:)
