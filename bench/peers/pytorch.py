"""The reference nets in PyTorch eager, driven by viseme-bench over stdin and stdout.

    prepare NET WIDTH TASK BATCH THREADS    -> "ready pytorch VERSION": weights and inputs in memory, nothing run yet
    run                                     -> milliseconds of one forward pass or training step
    output                                  -> a line with a count, then that many float32 of the last run

A failure is answered "error WHY". Weights and inputs follow from their names (tests/reference/make_golden.py).
"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'tests', 'reference'))
SALT = 'public'


class Forward:
    def __init__(self, net, inputs):
        self.net, self.inputs = net.eval(), inputs

    def run(self):
        with torch.no_grad():
            self.out = self.net(*self.inputs)

    def output(self):
        out = self.out if isinstance(self.out, tuple) else (self.out,)
        return torch.cat([o.flatten() for o in out])


class TrainingStep:
    """Forward, L1 loss, backward, Adam, gradients cleared."""

    def __init__(self, net, inputs, target):
        self.net, self.inputs, self.target = net.train(), inputs, target
        self.adam = torch.optim.Adam(net.parameters(), lr=1e-3)

    def run(self):
        out = self.net(*self.inputs)
        loss = torch.nn.functional.l1_loss(out, self.target)
        loss.backward()
        self.adam.step()
        self.adam.zero_grad(set_to_none=True)
        self.loss, self.out = loss.item(), out.detach()

    def output(self):
        return self.out.flatten()


def prepare(net, width, task, batch, threads):
    torch.set_num_threads(int(threads))
    n = int(batch)
    make, shapes = {
        'unet': (lambda: nets.UNet('ave', nets.MOBILE if width == 'mobile' else nets.WIDE), {'image': (6, 320, 320), 'audio': (32, 16, 16)}),
        'syncnet': (lambda: nets.SyncNet('ave'), {'face': (3, 320, 320), 'audio': (32, 16, 16)}),
        'audio_encoder': (nets.AudioEncoder, {'mel': (1, 80, 16)}),
        'pfld': (nets.PFLD, {'face': (3, 192, 192)}),
    }[net]
    with torch.no_grad():
        module = make_golden.fill(make(), SALT, 1 / 8 if net == 'pfld' else 1).float()
        inputs = [make_golden.make_input(SALT, name, n, *shape).float() for name, shape in shapes.items()]
        if task == 'forward':
            return Forward(module, inputs)
        return TrainingStep(module, inputs, make_golden.make_input(SALT, 'face', n, 3, 320, 320).float())


def give_freed_memory_back():
    import ctypes
    import gc
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):
        pass


def main():
    say = sys.stdout.buffer
    case = None
    for line in sys.stdin:
        command, *words = line.split()
        if command == 'prepare':
            case = prepare(*words)
            give_freed_memory_back()
            say.write(f'ready pytorch {torch.__version__}\n'.encode())
        elif command == 'run':
            start = time.perf_counter()
            case.run()
            say.write(f'{(time.perf_counter() - start) * 1e3}\n'.encode())
        elif command == 'output':
            values = case.output().numpy()
            say.write(f'{values.size}\n'.encode() + values.tobytes())
        say.flush()


if __name__ == '__main__':
    try:
        import torch
        import make_golden
        import nets
        main()
    except Exception as failure:
        print('error', str(failure).replace('\n', ' '), flush=True)
