# What all Makefiles of the suite share; the two lines are in the shape that published ones have.
CPPFLAGS += -DSUITE_COMMON=3
CFG_TEE_TA_LOG_LEVEL ?= 2
-include $(TA_DEV_KIT_DIR)/mk/ta_dev_kit.mk
