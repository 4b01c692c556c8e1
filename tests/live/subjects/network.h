/* SPDX-License-Identifier: GPL-2.0-only */
/* The network of the subjects: a namespace with nothing but lo, three routes that say no and one that says nothing. */
#ifndef SUBJECT_NETWORK_H
#define SUBJECT_NETWORK_H

#define HOST_NO_ROUTE	 "192.0.2.1" /* no route at all: connect() gives ENETUNREACH */
#define HOST_NO_ROUTE6	 "2001:db8::1"
#define HOST_UNREACHABLE "203.0.113.33"	  /* RTN_UNREACHABLE: EHOSTUNREACH */
#define HOST_PROHIBIT	 "203.0.113.34"	  /* RTN_PROHIBIT: EACCES */
#define HOST_BLACKHOLE	 "203.0.113.35"	  /* RTN_BLACKHOLE: EINVAL */
#define HOST_SILENT	 "203.0.113.70"	  /* each SYN is dropped, as by a firewall */
#define HOST_OWN6	 "2001:db8:70::1" /* an address of lo that is no loopback address */

/* Moves the process into a new network namespace, lo up, the routes made.  0 or -errno. */
int network_private(void);

/*
 * Runs body in a child that is in a cgroup of its own, where a program in the kernel refuses every
 * IPv4 connect() with EPERM (BPF_CGROUP_INET4_CONNECT, kernel 4.17).  0, or -errno where the machine
 * has no cgroup v2 or does not allow it.
 */
int network_forbidden(void (*body)(void *), void *argument);

#endif
