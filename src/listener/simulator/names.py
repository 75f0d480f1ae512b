"""Names to draw from; every person made of them is invented."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words("""
    Ada Aisha Alan Alba Amir Ana Anders Anja Arun Astrid Ben Bianca Bruno Carla Carmen Chidi Clara Colin
    Dalia Dana Daniel Deepa Diego Edith Elena Eli Emeka Emma Erik Esther Farah Felix Fiona Frank Gita
    Greta Hana Hannah Hassan Helen Hugo Ida Imran Ines Iris Ivan Jamal James Jana Jens Joan Jonas Judith
    Julia Kamal Karen Kavita Kenji Lars Laura Leila Leo Lina Louis Lucy Luis Maja Marco Maria Mark Marta
    Maya Meera Mia Miguel Mina Mohan Nadia Nina Noah Nora Olaf Olga Omar Oscar Pablo Paula Petra Priya
    Rahul Rania Rosa Ruth Samir Sara Simon Sofia Susan Tara Theo Tom Uma Vera Victor Wanda Yara Yusuf
    Zoe
""")
LAST_NAMES = _words("""
    Abbott Acosta Adeyemi Ahmed Albers Alvarez Anand Archer Baker Banerjee Barlow Bauer Becker Bell
    Bennett Berger Blake Bose Brandt Brooks Calder Campos Carver Castro Chandra Cole Cooper Cortez Dahl
    Dalton Das Delgado Diaz Dixon Dubois Duval Ebert Eze Farrow Fischer Fletcher Fontaine Foster Garnier
    Gibson Gomez Grant Gupta Hale Haruna Hartley Herrera Hoffmann Holt Hussein Ibarra Iyer Jansen Joshi
    Kaur Keller Khan Koch Kumar Lambert Lang Larsen Lopez Maier Malik Marsh Martel Mehta Mendez Menon
    Mercer Moreau Morgan Nair Nash Navarro Nielsen Novak Obi Okoro Ortega Owens Palmer Patel Pereira
    Perrin Pike Porter Quinn Rahman Ramos Rao Reyes Richter Rivera Roth Roy Ruiz Sato Saunders Schmid
    Sharma Silva Singh Sommer Steele Stone Tanaka Thorne Torres Vance Vargas Vega Verma Vidal Vogel
    Wagner Walsh Weber Wells Winter Wolf Wren Yilmaz Young Ziegler
""")
CITIES = _words("""
    Ashford Averton Belmarsh Brackley Calderby Corwen Dunmore Eastvale Elmbridge Fairhaven Gladstow
    Greyport Halden Harwick Ilford Kestrel Larkfield Linbrook Marlow Millhaven Netherby Norbury Oakham
    Penrose Quarrydale Redmouth Saltmere Stonebridge Tarnwick Thornbury Upwell Vale Westerly Whitcombe
    Wrenfield Yarrow
""")
NICK_WORDS = _words("""
    amber badger biscuit blue bramble brisk cedar cloud cobalt comet copper coral crow dapper dusty echo
    ember fern finch flint fox frost gecko ginger grumpy hazel heron hopper indigo ivy jade jolly
    juniper kite lark lemon lucky lunar maple marble mellow misty moss nimble noodle oak onyx otter owl
    pebble pepper pixel plum puffin quill raven robin rusty salty sandy scout silver sleepy snowy spark
    sparrow storm sunny swift tango teal thistle tiger tulip umber velvet wander willow windy wren
    zephyr zippy
""")
AREA_CODES = _words("""
    201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240
    248 251 252 253 254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314
    315 316 317 318 319 320 321 323 325 330 334 336 337 339 347 351 352 360 361 386 401 402 404 405 406
    407 408 409 410 412 413 414 415 417 419 423 424 425 432 434 435 440 443 469 478 479 480 484 501 502
    503 504 505 507 508 509 510 512 513 515 516 517 518 520 530 540 541 559 561 562 563 570 571 573 574
    580 585 586 601 602 603 605 606 607 608 609 610 612 614 615
""")
"""Area codes of the United States that have been in use for long; all of them have 555 01xx."""
