/* SPDX-License-Identifier: GPL-2.0-only */
/* What user space decides before the programs are loaded: constants, dead branches fall away. */
#ifndef SETTINGS_BPF_H
#define SETTINGS_BPF_H

extern const volatile bool setting_pods;   /* trace into containers too (--pods) */
extern const volatile bool setting_cookie; /* bpf_get_socket_cookie() may be called from tracing
					    * programs: 5.12, commit c5dbb89fc2ac */

/* The state hook in use gives sockets the kernel's number: connect()'s return finds it there. */
extern const volatile bool setting_numbered;

/* bpf_task_pt_regs() is there: 5.15, commit dd6e10fbd9fb; else the registers end with the stack. */
extern const volatile bool setting_regs;
extern const volatile unsigned int setting_stack_size;

#endif
