"""other_writers.py - files as other programs write them, for test_other_writers.sh.

    other_writers.py write WRITER DIR     files of a writer (a Python package) in DIR;
                                          a line a case: its name, a tab, what
                                          `infoplane dataset` is asked for
    other_writers.py check DIR OUT NAME..  X.npy and y.npy in OUT/NAME are what NAME
                                          has; a line "ok NAME" or "not ok NAME" each

A case without arrays is refused; DIR/NAME.words has what the message in OUT/NAME.err
must say.
"""
import gzip
import os
import struct
import sys
import zlib

import numpy as np

ROWS, COLS = 6, 4
F = np.arange(float(ROWS * COLS)).reshape(ROWS, COLS)
Y = np.array([0, 1, 2, 0, 1, 2])
IMAGES = np.arange(ROWS * 6.0).reshape(ROWS, 2, 3)
TYPES = 'u1 i1 u2 i2 u4 i4 u8 i8 f4 f8'.split()


class Cases:
    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def reads(self, name, file, x=F, y=Y, keys='', kind='mat'):
        """The case NAME: FILE has these inputs and labels."""
        np.savez(self.path(name + '.want.npz'), x=x.reshape(len(x), -1), y=y)
        self.tell(name, file, keys, kind)

    def refuses(self, name, file, words, keys='', kind='mat'):
        with open(self.path(name + '.words'), 'w') as f:
            f.write(words)
        self.tell(name, file, keys, kind)

    def tell(self, name, file, keys, kind):
        sets = [f'data.path={self.path(file)}'] + keys.split()
        print(name, kind + ''.join(' --set ' + s for s in sets), sep='\t')


def emnist():
    part = lambda a, y: {'images': a.astype('u1'), 'labels': y[:, None].astype('f8'),
                         'writers': np.zeros((len(y), 1))}
    return {'dataset': {'train': part(F, Y), 'test': part(F[:3] + 100, Y[:3]),
                        'mapping': np.arange(6.0).reshape(3, 2)}}


BOTH = np.concatenate([F, F[:3] + 100]), np.concatenate([Y, Y[:3]])


def scipy(c):
    import scipy.io
    import scipy.sparse

    def save(name, content, **how):
        scipy.io.savemat(c.path(name + '.mat'), content, **how)
        return name + '.mat'

    for packed in False, True:
        tag, how = 'packed' if packed else 'plain', {'do_compression': packed}
        for t in TYPES:
            name = f'scipy-{t}-{tag}'
            c.reads(name, save(name, {'F': F.astype(t), 'y': Y.astype(t)}, **how))
        for axis in 'row', 'column':
            name = f'scipy-{axis}-{tag}'
            c.reads(name, save(name, {'F': F, 'y': Y}, oned_as=axis, **how))
        name = f'scipy-bool-{tag}'
        c.reads(name, save(name, {'F': F > 9, 'y': Y > 1}, **how), F > 9, Y > 1)
        name = f'scipy-samples-in-columns-{tag}'
        c.reads(name, save(name, {'F': F.T, 'y': Y}, **how))
        for form in 'csc', 'csr', 'coo':
            name = f'scipy-sparse-{form}-{tag}'
            some = np.where(F % 3 == 1, F, 0)
            content = {'F': scipy.sparse.coo_matrix(some).asformat(form), 'y': Y}
            c.reads(name, save(name, content, **how), some)
        name = f'scipy-sparse-nothing-{tag}'
        content = {'F': scipy.sparse.csc_matrix((ROWS, COLS)), 'y': Y}
        c.reads(name, save(name, content, **how), 0 * F)
        name = f'scipy-images-first-{tag}'
        c.reads(name, save(name, {'F': IMAGES, 'y': Y}, **how), IMAGES)
        name = f'scipy-images-last-{tag}'
        content = {'F': IMAGES.transpose(1, 2, 0), 'y': Y}
        c.reads(name, save(name, content, **how), IMAGES)
        name = f'scipy-struct-{tag}'
        content = {'s': {'a': {'X': F}, 'label': Y}, 'words': 'beside',
                   'cell': np.array([1, 'two'], dtype=object)}
        c.reads(name, save(name, content, **how),
                keys='data.mat_x=s.a.X data.mat_y=s.label')
        name = f'scipy-emnist-{tag}'
        file = save(name, emnist(), **how)
        c.reads(name, file, *BOTH)
        c.reads(name + '-test', file, F[:3] + 100, Y[:3], 'data.parts=test')
        name = f'scipy-complex-{tag}'
        c.refuses(name, save(name, {'F': F + 1j, 'y': Y}, **how), 'complex double')
        name = f'scipy-words-{tag}'
        c.refuses(name, save(name, {'F': 'words', 'y': Y}, **how), 'F is 1 x 5 char')
        name = f'scipy-cells-{tag}'
        content = {'F': np.array([F, Y, 1], dtype=object), 'y': Y}
        c.refuses(name, save(name, content, **how), 'F is 1 x 3 cell array')
    c.refuses('scipy-level-4', save('scipy-level-4', {'F': F, 'y': Y}, format='4'),
              'is a MATLAB file of level 4: load it and save it anew')


def header(file):
    """MATLAB's header of level 7.3 in the 512 bytes before the HDF5 content."""
    with open(file, 'r+b') as f:
        f.write(b'MATLAB 7.3 MAT-file'.ljust(124) + b'\x00\x02IM')


def h5py(c):
    import h5py

    def save(name, x, y, *, block=0, marks=None, **how):
        with h5py.File(c.path(name), 'w', userblock_size=block) as f:
            for key, values in (('F', x), ('y', y)):
                made = f.create_dataset(key, data=values, **how)
                if marks:
                    made.attrs['MATLAB_class'] = marks
        if block:
            header(c.path(name))
        return name

    for t in TYPES + ['f2', '>f2', '>f4', '>f8', '>i2', '>u8', 'g']:
        name = 'h5py-' + t.replace('>', 'big-')
        c.reads(name, save(name + '.h5', F.astype(t), Y.astype(t)))
    c.reads('h5py-bool', save('bool.h5', F > 9, Y > 1), F > 9, Y > 1)
    c.reads('h5py-block', save('block.mat', F, Y, block=512))
    for name, how in {'gzip': {'compression': 'gzip', 'shuffle': True},
                      'chunks': {'chunks': True},
                      'fletcher32': {'fletcher32': True}}.items():
        c.reads('h5py-' + name, save(name + '.h5', F, Y, **how))
    for name, y in {'row': Y[None], 'column': Y[:, None]}.items():
        c.reads('h5py-' + name, save(name + '.h5', F, y))
    for name, mark in {'bytes': np.bytes_('double'), 'text': 'double'}.items():
        c.reads('h5py-as-matlab-' + name,
                save(name + '.mat', F.T, Y[None], block=512, marks=mark))
    c.reads('h5py-images', save('images.h5', IMAGES, Y), IMAGES)
    c.reads('h5py-images-as-matlab', save('images.mat', IMAGES.transpose(2, 1, 0),
                                          Y[None], block=512, marks='double'), IMAGES)
    c.reads('h5py-samples-in-columns', save('columns.h5', F.T, Y))
    with h5py.File(c.path('groups.h5'), 'w', libver='latest') as f:
        f['model/fc1/activations'], f['model/labels'] = F, Y
        f['alias'] = h5py.SoftLink('/model/labels')
        f['gone'] = h5py.SoftLink('/nowhere')
    c.reads('h5py-groups', 'groups.h5', keys='data.mat_x=model/fc1/activations '
                                             'data.mat_y=alias')
    c.refuses('h5py-no-such', 'groups.h5', 'no variable F: it has alias (6 int64), '
              'model/fc1/activations (6 x 4 double), model/labels (6 int64): name one by '
              'data.mat_x')
    c.refuses('h5py-lzf', save('lzf.h5', F, Y, compression='lzf'),
              'which is none of HDF5\'s own: save them with gzip')
    c.refuses('h5py-complex', save('complex.h5', F + 1j, Y), 'F is 6 x 4 complex')
    c.refuses('h5py-words', save('words.h5', F, ['a', 'b', 'c'] * 2), 'y is 6 text')


def hdf5storage(c):
    import hdf5storage

    def save(name, content, **how):
        hdf5storage.savemat(c.path(name), content, format='7.3', **how)
        return name

    for t in TYPES:
        c.reads('hdf5storage-' + t, save(t + '.mat', {'F': F.astype(t),
                                                      'y': Y.astype(t)}))
    c.reads('hdf5storage-bool', save('bool.mat', {'F': F > 9, 'y': Y > 1}), F > 9, Y > 1)
    for axis in 'row', 'column':
        c.reads('hdf5storage-' + axis, save(axis + '.mat', {'F': F, 'y': Y},
                                            oned_as=axis))
    c.reads('hdf5storage-images', save('images.mat', {'F': IMAGES, 'y': Y}), IMAGES)
    c.reads('hdf5storage-struct', save('struct.mat', {'s': {'X': F, 'y': Y}, 'w': 'b'}),
            keys='data.mat_x=s.X data.mat_y=s.y')
    c.reads('hdf5storage-emnist', save('emnist.mat', emnist()), *BOTH)
    c.refuses('hdf5storage-complex', save('complex.mat', {'F': F + 1j, 'y': Y}),
              'F is 6 x 4 complex double')
    c.refuses('hdf5storage-words', save('words.mat', {'F': 'words', 'y': Y}),
              'F is 1 x 5 char')
    hdf5storage.write({'F': F, 'y': Y}, filename=c.path('plain.h5'),
                      matlab_compatible=False)
    c.reads('hdf5storage-not-for-matlab', 'plain.h5')


def numpy(c):
    def folder(name, y=Y):
        os.mkdir(c.path(name))
        np.save(c.path(name + '/y.npy'), y)
        return open(c.path(name + '/X.npy'), 'wb')

    for t in TYPES + ['f2', '>f2', '>f4', '>f8', '>i2', '>u8', 'g']:
        name = t.replace('>', 'big-')
        with folder(name, Y.astype(t)) as f:
            np.save(f, F.astype(t))
        c.reads('numpy-' + name, name, kind='npy')
    for version in (1, 0), (2, 0), (3, 0):
        name = 'version-%d.%d' % version
        with folder(name) as f:
            np.lib.format.write_array(f, F, version=version)
        c.reads('numpy-' + name, name, kind='npy')
    with folder('fortran') as f:
        np.save(f, np.asfortranarray(F))
    c.reads('numpy-fortran', 'fortran', kind='npy')
    with folder('images') as f:
        np.save(f, IMAGES)
    c.reads('numpy-images', 'images', IMAGES, kind='npy')
    with folder('members') as f: # gzip packs pieces one after the other
        np.save(f, F)
        f.flush()
        whole = open(f.name, 'rb').read()
    with open(c.path('members/X.npy.gz'), 'wb') as f:
        f.write(gzip.compress(whole[:100]) + gzip.compress(whole[100:]))
    c.reads('gzip-members', 'members', keys='data.x=X.npy.gz data.y=y.npy',
            kind='arrays')
    for name, save in ('savez', np.savez), ('savez-compressed', np.savez_compressed):
        save(c.path(name + '.npz'), X=F, y=Y, other=Y[:1])
        c.reads('numpy-' + name, name + '.npz', kind='arrays')
    np.savetxt(c.path('members/F.csv'), F, delimiter=',')
    c.reads('numpy-savetxt', 'members', keys='data.x=F.csv data.y=y.npy', kind='arrays')
    with folder('bool') as f:
        np.save(f, F > 9)
    c.reads('numpy-bool', 'bool', F > 9, kind='npy')
    with folder('long-header') as f: # as long as version 1 allows
        head = "{'descr': '<f8', 'fortran_order': False, 'shape': (6, 4), }"
        f.write(b'\x93NUMPY\x01\x00' + struct.pack('<H', 65525) +
                head.ljust(65524).encode() + b'\n' + F.tobytes())
    c.reads('numpy-long-header', 'long-header', kind='npy')


def matlab(c):
    """MATLAB's own layout, byte for byte: doubles that are small whole numbers are
    stored as the smallest type that holds them, short parts lie in their tags."""
    def part(kind, data):
        if len(data) <= 4:
            return struct.pack('<HH', kind, len(data)) + data.ljust(4, b'\0')
        return struct.pack('<II', kind, len(data)) + data + bytes(-len(data) % 8)

    def matrix(name, values, kind, klass=6, flags=0, sizes=None, extra=b''):
        sizes = sizes or values.shape
        data = np.asfortranarray(values).tobytes('F') if values is not None else b''
        body = part(6, struct.pack('<II', klass | flags << 8, 0))
        body += part(5, struct.pack('<%di' % len(sizes), *sizes))
        body += part(1, name.encode()) + extra
        return struct.pack('<II', 14, len(body + part(kind, data))) + body + \
            part(kind, data)

    def save(name, *elements, packed):
        with open(c.path(name), 'wb') as f:
            f.write(b'MATLAB 5.0 MAT-file, Platform: GLNXA64'.ljust(116) + bytes(8) +
                    b'\x00\x01IM')
            for e in elements:
                z = zlib.compress(e)
                f.write(struct.pack('<II', 15, len(z)) + z if packed else e)
        return name

    y = matrix('y', Y[:, None].astype('u1'), 2)
    for packed in False, True:
        tag = 'packed' if packed else 'plain'
        for kind, t in (1, 'i1'), (2, 'u1'), (3, 'i2'), (4, 'u2'), (5, 'i4'), (9, 'f8'):
            name = f'matlab-double-as-{t}-{tag}'
            c.reads(name, save(name + '.mat', matrix('F', F.astype(t), kind), y,
                               packed=packed))
        name = f'matlab-one-byte-{tag}'
        one = np.array([[7]], 'u1')
        c.reads(name, save(name + '.mat', matrix('F', one, 2),
                           matrix('y', 0 * one, 2), packed=packed), one, np.array([0]))
        name = f'matlab-logical-{tag}'
        c.reads(name, save(name + '.mat', matrix('F', (F > 9).astype('u1'), 2, 9, 2), y,
                           packed=packed), F > 9)
        # A sparse logical matrix: rows of values, starts of columns, values.
        name = f'matlab-sparse-logical-{tag}'
        mask = F % 5 == 2
        rows = [np.flatnonzero(mask[:, k]) for k in range(COLS)]
        starts = np.cumsum([0] + [len(r) for r in rows])
        places = part(5, np.concatenate(rows).astype('<i4').tobytes()) + \
            part(5, starts.astype('<i4').tobytes())
        c.reads(name, save(name + '.mat', matrix(
            'F', np.ones(int(mask.sum()), 'u1'), 2, 5, 2, (ROWS, COLS), places), y,
            packed=packed), mask)
        name = f'matlab-images-{tag}'
        c.reads(name, save(name + '.mat', matrix('F', IMAGES.transpose(1, 2, 0), 9), y,
                           packed=packed), IMAGES)


def differs(folder, out, name):
    """What is wrong, or None."""
    words, got = os.path.join(folder, name + '.words'), os.path.join(out, name)
    said = open(got + '.err').read()
    if os.path.exists(words):
        want = open(words).read()
        right = want in said and said.count('\n') == 1 and not os.path.exists(got)
        return None if right else f'want {want!r}, it said {said!r}'
    if not os.path.exists(got):
        return said
    want = np.load(os.path.join(folder, name + '.want.npz'))
    for key, array in ('x', np.load(got + '/X.npy')), ('y', np.load(got + '/y.npy')):
        if not np.array_equal(array, want[key].astype(array.dtype)):
            return f'{key} is {array.tolist()}, want {want[key].tolist()}'


if __name__ == '__main__':
    if sys.argv[1] == 'write':
        globals()[sys.argv[2]](Cases(sys.argv[3]))
    else:
        for case in sys.argv[4:]:
            wrong = differs(sys.argv[2], sys.argv[3], case)
            print('not ok' if wrong else 'ok', case, *([':', wrong] if wrong else []))
