//go:build unix && !linux

package private

import "syscall"

// attributes drops the child to the account and puts it into a process group of its own. Only Linux ends a child with its parent: elsewhere a server
// whose program was killed runs on until the next Start ends it.
func attributes(a account, _ bool) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a.drop {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attr
}
