/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pseudo TA in front of a real-time clock, which the simulated device does not have; TAs here
 * ask TEE_GetREETime() and TEE_GetTAPersistentTime().
 */
#ifndef __PTA_RTC_H
#define __PTA_RTC_H

#include <stdint.h>
#include <tee_api_types.h>
#include <util.h>

/* clang-format off */
#define PTA_RTC_UUID \
	{ 0xf389f8c8, 0x845f, 0x496c, \
	  { 0x8b, 0xbe, 0xd6, 0x4b, 0xd2, 0x4c, 0x92, 0xfd } }
/* clang-format on */

#define PTA_RTC_INFO_VERSION 0x1

/* Bits of pta_rtc_info.features: the offset, the alarm, and waking up by it are there. */
#define PTA_RTC_FEATURE_CORRECTION   BIT(0)
#define PTA_RTC_FEATURE_ALARM	     BIT(1)
#define PTA_RTC_FEATURE_WAKEUP_ALARM BIT(2)

struct pta_rtc_time {
	uint32_t tm_sec;
	uint32_t tm_min;
	uint32_t tm_hour;
	uint32_t tm_mday;
	uint32_t tm_mon;
	uint32_t tm_year;
	uint32_t tm_wday;
};

struct pta_rtc_alarm {
	uint8_t enabled;
	uint8_t pending;
	struct pta_rtc_time time;
};

struct pta_rtc_info {
	uint64_t version;
	uint64_t features;
	struct pta_rtc_time range_min;
	struct pta_rtc_time range_max;
};

/* memref[0]: the struct of that name. */
#define PTA_CMD_RTC_GET_INFO 0x0
#define PTA_CMD_RTC_GET_TIME 0x1
#define PTA_CMD_RTC_SET_TIME 0x2
/* value[0].a: signed. */
#define PTA_CMD_RTC_GET_OFFSET 0x3
#define PTA_CMD_RTC_SET_OFFSET 0x4
/* memref[0]: struct pta_rtc_alarm. */
#define PTA_CMD_RTC_READ_ALARM 0x5
#define PTA_CMD_RTC_SET_ALARM  0x6
/* value[0].a: 1 on, 0 off. */
#define PTA_CMD_RTC_ENABLE_ALARM 0x7
/* value[0].a (out): 0 no alarm, 1 alarm, 2 the waiting was cancelled. */
#define PTA_CMD_RTC_WAIT_ALARM		  0x8
#define PTA_CMD_RTC_CANCEL_WAIT_ALARM	  0x9
#define PTA_CMD_RTC_SET_WAKE_ALARM_STATUS 0xA

#endif /* __PTA_RTC_H */
