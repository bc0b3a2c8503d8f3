import pytest

from matwidgets.errors import InputError
from matwidgets.features.properties import PROPERTIES, require_property


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("bulk_modulus", "GPa"),
        ("shear_modulus", "GPa"),
        ("debye_temperature", "K"),
        ("thermal_conductivity", "W/m/K"),
        ("thermal_expansion", "1/K"),
        ("band_gap", "eV"),
        ("energy_per_atom", "eV/atom"),
        ("decomposition_energy", "eV/atom"),
        ("formation_energy", "eV/atom"),
        ("single_phase", ""),
        ("critical_temperature", "K"),
    ],
)
def test_names_and_units(name, unit):
    assert require_property(name).name == name
    assert require_property(name).unit == unit


def test_records_are_complete():
    assert len(PROPERTIES) == 11
    for name, item in PROPERTIES.items():
        assert item.name == name
        assert item.label
        assert item.symbol


def test_unknown_property():
    with pytest.raises(InputError) as caught:
        require_property("hardness")
    assert str(caught.value) == f"Unknown property 'hardness': write one of {', '.join(PROPERTIES)}."
