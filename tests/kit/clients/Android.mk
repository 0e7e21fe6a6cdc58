LOCAL_PATH := $(call my-dir)
$(error this is for another build system)
