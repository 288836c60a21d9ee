package private

import "syscall"

// attributes drops the child to the account and puts it into a process group of its own, out of the terminal's reach. With dies set, the
// kernel asks the child for a fast shutdown when the thread that started it ends.
func attributes(a account, dies bool) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a.drop {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	if dies {
		attr.Pdeathsig = syscall.SIGINT
	}
	return attr
}
