/* SPDX-License-Identifier: BSD-2-Clause */
/* In mbedTLS 3 this gives old names back; here the old names are still there. */
